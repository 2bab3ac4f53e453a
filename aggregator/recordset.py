"""Many rows as one statement parameter, on every database."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Dialect,
    FromClause,
    Text,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import TypeEngine

Columns = dict[str, TypeEngine[Any]]

#: Kinds of values that JSON and PostgreSQL's arrays spell alike, ``null`` included.
_SPELT_ALIKE = (UUID, datetime, int)


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
        return _unnest(columns, rows, name, dialect)
    return _json_each(columns, rows, name, dialect)


class Recordset:
    """Rows that a statement is told each time it is executed: it needs to be built but once.

    :param dialect: of the database that executes it.
    :param columns: name and type of each column, in the rows' order: ids, instants or integers.
    """

    def __init__(self, dialect: Dialect, columns: Columns, *, name: str) -> None:
        self._dialect = dialect
        self._columns = columns
        self._name = name

    def table(self) -> FromClause:
        """Return the rows as something to select from, and to join."""
        if self._dialect.name != "postgresql":
            return _unpacked(self._columns, bindparam(self._name, type_=Text()), self._name)
        arrays = [
            cast(bindparam(f"{self._name}_{label}", type_=Text()), ARRAY(type_))
            for label, type_ in self._columns.items()
        ]
        return _unnested(self._columns, arrays, self._name)

    def parameters(self, rows: Sequence[Sequence[Any]]) -> dict[str, str]:
        """Return the parameters that tell the statement these rows."""
        if self._dialect.name != "postgresql":
            return {self._name: _spell_rows(self._columns, rows, self._dialect)}
        return {
            f"{self._name}_{label}": _spell_array(type_, [row[i] for row in rows], self._dialect)
            for i, (label, type_) in enumerate(self._columns.items())
        }


def dialect_insert(session: Session, model: type[Any]) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that has ``on_conflict_do_update``, which both databases spell alike."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(model)
    return sqlite.insert(model)


def is_among(
    session: Session, column: InstrumentedAttribute[Any], values: Collection[Any]
) -> ColumnElement[bool]:
    """Return the condition that a column has one of many values, sent as one parameter."""
    dialect = session.get_bind().dialect
    if dialect.name == "postgresql":
        return column == any_(_array(column.type, list(values), dialect))
    return column.in_(values)


def json_list(session: Session, *columns: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    """Return a group's rows as the text of a JSON list: an object a row, named as columns are."""
    members: list[Any] = []
    for each in columns:
        members += (literal_column(f"'{each.key}'"), each)
    if session.get_bind().dialect.name == "postgresql":
        return cast(func.json_agg(func.json_build_object(*members)), Text)
    return func.json_group_array(func.json_object(*members), type_=Text)


def _unnest(
    columns: Columns, rows: Sequence[Sequence[Any]], name: str, dialect: Dialect
) -> FromClause:
    arrays = [
        _array(type_, [row[i] for row in rows], dialect) for i, type_ in enumerate(columns.values())
    ]
    return _unnested(columns, arrays, name)


def _unnested(columns: Columns, arrays: Sequence[ColumnElement[Any]], name: str) -> FromClause:
    shape = [column(label, type_) for label, type_ in columns.items()]
    return func.unnest(*arrays).table_valued(*shape, name=name).render_derived()


def _array(type_: TypeEngine[Any], values: list[Any], dialect: Dialect) -> ColumnElement[Any]:
    if type_.python_type not in _SPELT_ALIKE:
        return cast(bindparam(None, values, type_=ARRAY(type_), unique=True), ARRAY(type_))
    return cast(literal(_spell_array(type_, values, dialect)), ARRAY(type_))


def _spell_array(type_: TypeEngine[Any], values: list[Any], dialect: Dialect) -> str:
    # The driver spells each value of these in Python, at twenty times the cost.
    bind = type_.dialect_impl(dialect).bind_processor(dialect)
    text = msgspec.json.encode([bind(value) for value in values] if bind else values).decode()
    return f"{{{text[1:-1]}}}"


def _json_each(
    columns: Columns, rows: Sequence[Sequence[Any]], name: str, dialect: Dialect
) -> FromClause:
    return _unpacked(columns, literal(_spell_rows(columns, rows, dialect)), name)


def _unpacked(columns: Columns, text: ColumnElement[str], name: str) -> FromClause:
    element = func.json_each(text).table_valued("value", name=f"{name}_json")
    return select(
        *(
            func.json_extract(element.c.value, f"$[{i}]", type_=type_).label(label)
            for i, (label, type_) in enumerate(columns.items())
        )
    ).subquery(name)


def _spell_rows(columns: Columns, rows: Sequence[Sequence[Any]], dialect: Dialect) -> str:
    binders = [type_.dialect_impl(dialect).bind_processor(dialect) for type_ in columns.values()]
    return json.dumps(
        [
            [bind(value) if bind else value for bind, value in zip(binders, row, strict=True)]
            for row in rows
        ]
    )
