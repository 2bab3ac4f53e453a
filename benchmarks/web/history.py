"""A year of a minute-by-minute market, written once and had by many products.

One product's history is written and sealed by the product's own code, and others of the catalogue
are given copies of it, row by row: an offer's id is unique within its product only. By far not
all of 100,000 products have one, because it would not fit into a quarter of an hour: their hours
would be 876 million rows of ``offer_hours``, and three times as many of ``price_hours``. Minutes
are kept for 90 days, as by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, Table, create_engine, text

from aggregator.clock import utc_now
from aggregator.engines import engine_options
from aggregator.models import Product, ProductSync
from benchmarks.generator import Watched, vacuum, write_polls, write_years

_DETAIL_FOR = timedelta(days=90)
#: Which products have a copy; ids are evenly scattered over the catalogue.
_CHOSEN = "SELECT id FROM products WHERE id <> :origin ORDER BY id LIMIT :n"
_STANDING = "first_checked_at, checked_at, best_price, offers_count"


def write_history(url: str, days: int) -> UUID:
    """Write a new product's history up to this minute; return its id."""
    engine = create_engine(url, **engine_options(url))
    now = utc_now().replace(second=0, microsecond=0)
    end = now.replace(minute=0)
    start = end - timedelta(days=days)
    watched = Watched(engine, "Watched for long", start)
    write_years(engine, [watched], start, end, detail_for=_DETAIL_FOR)
    write_polls(engine, [watched], now)
    engine.dispose()
    return watched.product_id


def copy_history(url: str, origin: UUID, n: int) -> list[UUID]:
    """Give a product's history to others, instead of their own; return the ids of all of them."""
    engine = create_engine(url, **engine_options(url))
    with engine.begin() as connection:
        chosen = connection.scalars(text(_CHOSEN), {"origin": origin, "n": n}).all()
        for table in Product.metadata.sorted_tables:
            if "product_id" in table.c and table is not ProductSync.__table__:
                _copy_rows(connection, table, origin, chosen)
        connection.execute(
            text(
                f"UPDATE product_sync SET ({_STANDING}) ="
                f" (SELECT {_STANDING} FROM product_sync WHERE product_id = :origin)"
                " WHERE product_id = ANY(:chosen)"
            ),
            {"origin": origin, "chosen": chosen},
        )
    vacuum(engine)
    engine.dispose()
    return [origin, *chosen]


def _copy_rows(connection: Connection, table: Table, origin: UUID, chosen: Sequence[UUID]) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns if column.name != "product_id")
    values = {"origin": origin, "chosen": chosen}
    connection.execute(text(f"DELETE FROM {table} WHERE product_id = ANY(:chosen)"), values)
    connection.execute(
        text(
            f"INSERT INTO {table} (product_id, {names}) SELECT copy_id, {names} FROM {table}"
            " CROSS JOIN unnest(CAST(:chosen AS uuid[])) AS chosen (copy_id)"
            " WHERE product_id = :origin"
        ),
        values,
    )
