"""Large catalogues, written by a handful of statements.

All products are registered and were polled once, just now. Their offers are those that
``benchmarks/upstream.py`` tells of them, though at other prices; of every tenth product nothing is
buyable. A thousand products at a time were created at one instant, as by an import.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    insert,
    text,
)

from benchmarks.generator import vacuum
from benchmarks.web.words import N_TEXTS, SELDOM, beginnings, ends, vocabulary

_TEXT_COLUMNS = ("name", "description", "sort_name", "words")


def _drawn(n: int, seed: int) -> str:
    """Return a number below ``n`` that follows from a product's number, and from nothing else."""
    return f"((hashint8extended(i, {seed}) & 2147483647) % {n})::int"


_FILLED = f"""
CREATE TEMPORARY TABLE filled ON COMMIT DROP AS
SELECT i, md5('product ' || i)::uuid AS product_id, substr(md5('code ' || i), 1, 8) AS code,
       at, date_trunc('hour', at) AS hour,
       at - interval '360 days' + i / 1000 * interval '1 minute' AS created_at,
       CASE WHEN i % 10 > 0 THEN 1000 + {_drawn(99_000, 1)} END AS price
FROM generate_series(1, :n) AS i, date_trunc('milliseconds', now()) AS at
"""
_CATALOGUE = (
    f"""
INSERT INTO products (id, name, description, created_at, updated_at, version, sort_name, words)
SELECT product_id, b.name || ' ' || code,
       b.description || ' ' || s.name || ' ' || e.description, created_at,
       created_at + {_drawn(30_000_000, 2)} * interval '1 second', 1,
       b.sort_name || ' ' || code,
       b.words || ' ' || code || ' ' || s.words || ' ' || e.words
FROM filled
JOIN beginnings AS b ON b.n = {_drawn(N_TEXTS, 3)}
JOIN seldom AS s ON s.n = {_drawn(SELDOM, 4)}
JOIN ends AS e ON e.n = {_drawn(N_TEXTS, 5)}
ORDER BY i
""",
    """
INSERT INTO product_sync (product_id, due_at, registered_at, first_checked_at, checked_at,
                          failures, best_price, offers_count)
SELECT product_id, at + interval '1 year', created_at, at, at, 0, price,
       CASE WHEN price IS NULL THEN 0 ELSE 8 END
FROM filled
""",
)
_OFFER_ID = "(left(product_id::text, 32) || lpad(to_hex({j}), 4, '0'))::uuid"
_OFFER = (
    f"{_OFFER_ID.format(j='j')}, coalesce(price, 500) + 97 * j,"
    " CASE WHEN price IS NULL THEN 0 ELSE 20 + j END"
)
#: What the poll that found them has written.
_POLL = (
    f"""
INSERT INTO offers (product_id, id, price, items_in_stock, first_seen_at, changed_at)
SELECT product_id, {_OFFER}, at, at FROM filled, generate_series(0, 7) AS j
""",
    f"""
INSERT INTO price_points (product_id, observed_at, offer_id, price, items_in_stock)
SELECT product_id, at, {_OFFER} FROM filled, generate_series(0, 7) AS j
""",
    "INSERT INTO polls (product_id, observed_at) SELECT product_id, at FROM filled",
    """
INSERT INTO price_seals (product_id, due_at, sealed_until, detail_from)
SELECT product_id, hour + interval '65 minutes', hour, hour FROM filled
""",
    """
INSERT INTO first_prices (product_id, price, at)
SELECT product_id, price, at FROM filled WHERE price IS NOT NULL
""",
    f"""
INSERT INTO price_starts (product_id, hour, price, at, observed_at, offer_id)
SELECT product_id, hour, price, at, at, {_OFFER_ID.format(j=0)} FROM filled WHERE price IS NOT NULL
""",
)
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename IN ('products', 'product_sync') AND indexname LIKE 'ix%'
"""


def fill(url: str, n: int, *, offers: bool = True) -> None:
    """Write products, and with ``offers`` what a poll of each has written.

    Without, it is for an empty database that nobody else uses meanwhile: the indexes are made in
    the end.
    """
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
        _write_texts(connection)
        connection.execute(text(_FILLED), {"n": n})
        if offers:
            _execute(connection, *_CATALOGUE, *_POLL)
        else:
            with _without_indexes(connection):
                _execute(connection, *_CATALOGUE)
    vacuum(engine)
    engine.dispose()


def _execute(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(text(statement))


def _write_texts(connection: Connection) -> None:
    known = vocabulary()
    seldom = (
        {"n": n, "name": word, "description": "", "sort_name": "", "words": word}
        for n, word in enumerate(known.seldom)
    )
    tables = {"beginnings": beginnings(known), "ends": ends(known), "seldom": seldom}
    for name, rows in tables.items():
        columns = (Column(column, Text) for column in _TEXT_COLUMNS)
        number = Column("n", Integer, primary_key=True, autoincrement=False)
        table = Table(
            name, MetaData(), number, *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP"
        )
        table.create(connection)
        connection.execute(insert(table), list(rows))
        connection.execute(text(f"ANALYZE {name}"))


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    """Take away the indexes that no constraint needs, and make them again in the end."""
    connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
    indexes = connection.execute(text(_INDEXES)).all()
    for name, _ in indexes:
        connection.execute(text(f"DROP INDEX {name}"))
    yield
    for _, definition in indexes:
        connection.execute(text(definition.replace("%", "%%")))
