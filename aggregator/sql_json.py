"""Rows as JSON, written by the database itself: the one place where rows become the API's JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class json_row(FunctionElement[str]):  # noqa: N801 - SQLAlchemy names functions like SQL does
    """Columns as the text of a JSON object, without spaces.

    Instants and UUIDs are written as everywhere in the API, and cut to whole milliseconds.

    :param members: in their order, by name.
    """

    type = Text()
    inherit_cache = True

    def __init__(self, **members: ColumnElement[Any] | InstrumentedAttribute[Any]) -> None:
        super().__init__(*(column.label(name) for name, column in members.items()))


@compiles(json_row, "postgresql")
def _postgresql_row(element: json_row, compiler: SQLCompiler, **kwargs: Any) -> str:
    members = ", ".join(
        f'{_spell(_POSTGRESQL, member, compiler, kwargs)} AS "{member.name}"'
        for member in element.clauses
    )
    row = f"SELECT members FROM (SELECT {members}) members"  # noqa: S608 - names are the code's
    return f"CAST(row_to_json(({row})) AS TEXT)"


@compiles(json_row, "sqlite")
def _sqlite_row(element: json_row, compiler: SQLCompiler, **kwargs: Any) -> str:
    members = ", ".join(
        f"'{member.name}', {_spell(_SQLITE, member, compiler, kwargs)}"
        for member in element.clauses
    )
    return f"json_object({members})"


#: How values are written that JSON does not know, or that the database keeps as something else.
_POSTGRESQL: dict[type, str] = {
    datetime: """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')""",
}
_SQLITE: dict[type, str] = {
    # SQLite's own strftime rounds to milliseconds; everything else cuts.
    datetime: "substr({0}, 1, 10) || 'T' || substr({0}, 12, 12) || 'Z'",
    UUID: "substr({0}, 1, 8) || '-' || substr({0}, 9, 4) || '-' || substr({0}, 13, 4)"
    " || '-' || substr({0}, 17, 4) || '-' || substr({0}, 21)",
    bool: "json(CASE WHEN {0} THEN 'true' ELSE 'false' END)",
}


def _spell(
    forms: dict[type, str], member: Any, compiler: SQLCompiler, kwargs: dict[str, Any]
) -> str:
    value = compiler.process(member.element, **kwargs)
    return forms.get(member.type.python_type, "{0}").format(value)
