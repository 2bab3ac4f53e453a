"""SQL functions that the databases spell in different ways."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from aggregator.numbers import BigNumber


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
