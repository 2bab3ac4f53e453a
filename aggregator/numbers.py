"""Numbers in columns, exact on every database."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import Dialect, Numeric, Text
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

#: For an integer of 64 bits.
_TOO_LONG = 2**63


class _SqliteNumeric(UserDefinedType[Any]):
    """SQLite's own NUMERIC: integers of up to 64 bits and doubles, as they come."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return "NUMERIC"


class Number(TypeDecorator[Any]):
    """A price or an average: a whole number of up to 64 bits, or a double. Sorts by value."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the database's own type."""
        return _SqliteNumeric() if dialect.name == "sqlite" else Numeric()

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Give whole numbers back as integers; what is too long for one was a double.

        As many numbers are read as of no other type, and the method that is meant to be
        overridden takes five times as long.
        """
        return _read_number


class BigNumber(TypeDecorator[Any]):
    """A whole number of any size, or a double. On SQLite text, which sorts as text."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the database's own type."""
        return Text() if dialect.name == "sqlite" else Numeric()

    def process_bind_param(self, value: float | None, dialect: Dialect) -> Any:
        """Write a number as text where the database has no type for it."""
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> int | float | None:
        """Give whole numbers back as integers."""
        return None if value is None else _plain(Decimal(value))


def _read_number(value: Any) -> int | float | None:
    plain: float | None = _plain(value) if isinstance(value, Decimal) else value
    return plain if plain is None or -_TOO_LONG < plain < _TOO_LONG else float(plain)


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
