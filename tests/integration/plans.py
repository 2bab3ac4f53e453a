"""Which statements are sent, and how the database would run them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, text


@contextmanager
def recorded(engine: Engine, *words: str) -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements with these words that are sent meanwhile, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def record(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if all(word in statement for word in words):
            sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", record)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", record)


def explain(engine: Engine, statement: str, parameters: Any, *disabled: str) -> str:
    """Return how the database would run a statement."""
    verb = "EXPLAIN" if engine.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with engine.begin() as connection:
        for name in disabled if engine.name == "postgresql" else ():
            connection.execute(text(f"SET LOCAL enable_{name} = off"))
        rows = connection.exec_driver_sql(f"{verb} {statement}", parameters).all()
    return "\n".join(str(row[-1]) for row in rows)
