"""What all pollers together counted, however many came and went."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.models import PollerFigure
from aggregator.recordset import dialect_insert, recordset

#: Name of a sample, and its labels as a JSON object with sorted keys.
Key = tuple[str, str]


def add_figures(session: Session, increments: Mapping[Key, float]) -> None:
    """Add to the totals what one poller counted since it last did.

    In the order of their keys, so that two pollers never wait for each other in a circle.
    """
    if not increments:
        return
    columns = PollerFigure.__table__.c
    new = recordset(
        session,
        {column.name: column.type for column in columns},
        [(*key, value) for key, value in sorted(increments.items())],
        name="new",
    )
    # Without a WHERE, SQLite reads the ON of the ON CONFLICT as a join's.
    added = select(new).where(new.c.value.is_not(None))
    statement = dialect_insert(session, PollerFigure).from_select(columns.keys(), added)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[PollerFigure.name, PollerFigure.labels],
            set_={"value": PollerFigure.value + statement.excluded.value},
        )
    )


def find_figures(session: Session) -> dict[Key, float]:
    """Return the totals."""
    query = select(PollerFigure.name, PollerFigure.labels, PollerFigure.value)
    return {(row.name, row.labels): row.value for row in session.execute(query)}
