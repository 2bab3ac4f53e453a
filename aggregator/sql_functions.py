"""SQL functions that the databases spell in different ways."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Double, Float, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement, GenericFunction

from aggregator.numbers import BigNumber, Number


class hours_between(GenericFunction[float]):  # noqa: N801 - named as in SQL
    """The hours from the second instant to the first."""

    type = Double()
    inherit_cache = True


@compiles(hours_between, "postgresql")
def _postgresql_hours(element: hours_between, compiler: SQLCompiler, **kwargs: Any) -> str:
    later, earlier = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"(CAST(EXTRACT(EPOCH FROM {later} - {earlier}) AS DOUBLE PRECISION) / 3600)"


@compiles(hours_between, "sqlite")
def _sqlite_hours(element: hours_between, compiler: SQLCompiler, **kwargs: Any) -> str:
    later, earlier = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"((strftime('%s', {later}) - strftime('%s', {earlier})) / 3600.0)"


class epoch_ms(GenericFunction[int]):  # noqa: N801 - named as in SQL
    """An instant in whole milliseconds since 1970: nothing is left to convert in Python."""

    type = BigInteger()
    inherit_cache = True


@compiles(epoch_ms, "postgresql")
def _postgresql_epoch(element: epoch_ms, compiler: SQLCompiler, **kwargs: Any) -> str:
    instant = compiler.process(element.clauses, **kwargs)
    return f"CAST(EXTRACT(EPOCH FROM {instant}) * 1000 AS BIGINT)"


@compiles(epoch_ms, "sqlite")
def _sqlite_epoch(element: epoch_ms, compiler: SQLCompiler, **kwargs: Any) -> str:
    instant = compiler.process(element.clauses, **kwargs)
    return f"(strftime('%s', {instant}) * 1000 + substr({instant}, 21, 3))"


class json_rows(FunctionElement[str]):  # noqa: N801 - named as in SQL
    """All rows, in no order, as the text of one JSON list of lists.

    Columns may be of ids, text, integers, doubles and the types of :mod:`aggregator.numbers`.
    Reading them takes a small part of what as many single values take.
    """

    type = Text()
    inherit_cache = True


@compiles(json_rows, "postgresql")
def _postgresql_rows(element: json_rows, compiler: SQLCompiler, **kwargs: Any) -> str:
    # As the types read it themselves: what is whole is an integer, what is too long a double.
    number = (
        "CASE WHEN abs({0}) < 9223372036854775808 THEN to_json(trim_scale({0}))"
        " ELSE to_json(CAST({0} AS DOUBLE PRECISION)) END"
    )
    forms: dict[type, str] = {Number: number, BigNumber: "trim_scale({0})"}
    members = _spell(element, forms, compiler, kwargs)
    return f"COALESCE(CAST(json_agg(json_build_array({members})) AS TEXT), '[]')"


@compiles(json_rows, "sqlite")
def _sqlite_rows(element: json_rows, compiler: SQLCompiler, **kwargs: Any) -> str:
    # By itself it cuts doubles to 15 digits.
    exact = "CASE typeof({0}) WHEN 'real' THEN json(printf('%!.17g', {0})) ELSE {0} END"
    forms = {Number: exact, Float: exact, BigNumber: "json({0})"}
    return f"json_group_array(json_array({_spell(element, forms, compiler, kwargs)}))"


def _spell(
    element: json_rows, forms: dict[type, str], compiler: SQLCompiler, kwargs: dict[str, Any]
) -> str:
    """Return columns as SQL, with the types' own forms."""
    return ", ".join(
        forms.get(type(column.type), "{0}").format(compiler.process(column, **kwargs))
        for column in element.clauses
    )


class exact_sum(GenericFunction[Any]):  # noqa: N801 - SQLAlchemy names functions like SQL does
    """The sum of a :class:`BigNumber` column. SQLite's own would overflow, or round."""

    type = BigNumber()
    inherit_cache = True


class ExactSum:
    """``exact_sum`` for SQLite, registered on every connection."""

    def __init__(self) -> None:
        self._sum: int | float = 0

    def step(self, value: str | None) -> None:
        """Add one row's value."""
        if value is not None:
            self._sum += int(value) if value.isdecimal() else float(value)

    def finalize(self) -> str:
        """Return the sum."""
        return str(self._sum)


@compiles(exact_sum, "postgresql")
def _plain_sum(element: exact_sum, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"sum({compiler.process(element.clauses, **kwargs)})"
