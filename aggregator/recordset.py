"""Many rows as one statement parameter, on every database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    Dialect,
    FromClause,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

Columns = dict[str, TypeEngine[Any]]


def recordset(
    session: Session, columns: Columns, rows: Sequence[Sequence[Any]], *, name: str
) -> FromClause:
    """Return rows as something to select, join, insert and update from.

    One statement then serves any number of rows: ``unnest`` of arrays on PostgreSQL,
    ``json_each`` on SQLite.

    :param columns: name and type of each column, in the rows' order.
    :param rows: one sequence of values a row.
    """
    dialect = session.get_bind().dialect
    if dialect.name == "postgresql":
        return _unnest(columns, rows, name)
    return _json_each(columns, rows, name, dialect)


def dialect_insert(session: Session, model: type[Any]) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that has ``on_conflict_do_update``, which both databases spell alike."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(model)
    return sqlite.insert(model)


def _unnest(columns: Columns, rows: Sequence[Sequence[Any]], name: str) -> FromClause:
    arrays = [
        cast(
            bindparam(None, [row[i] for row in rows], type_=ARRAY(type_), unique=True),
            ARRAY(type_),
        )
        for i, type_ in enumerate(columns.values())
    ]
    shape = [column(label, type_) for label, type_ in columns.items()]
    return func.unnest(*arrays).table_valued(*shape, name=name).render_derived()


def _json_each(
    columns: Columns, rows: Sequence[Sequence[Any]], name: str, dialect: Dialect
) -> FromClause:
    binders = [type_.dialect_impl(dialect).bind_processor(dialect) for type_ in columns.values()]
    text = json.dumps(
        [
            [bind(value) if bind else value for bind, value in zip(binders, row, strict=True)]
            for row in rows
        ]
    )
    element = func.json_each(literal(text)).table_valued("value", name=f"{name}_json")
    return select(
        *(
            func.json_extract(element.c.value, f"$[{i}]", type_=type_).label(label)
            for i, (label, type_) in enumerate(columns.items())
        )
    ).subquery(name)
