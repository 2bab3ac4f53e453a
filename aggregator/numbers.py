"""Numbers in columns, exact on every database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Dialect, Numeric, Text
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType


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

    def process_result_value(self, value: Any, dialect: Dialect) -> int | float | None:
        """Give whole numbers back as integers."""
        return _plain(value) if isinstance(value, Decimal) else value


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


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
