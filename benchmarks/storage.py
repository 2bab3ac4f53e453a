"""What an observation of an offer takes on disk once it is sealed, all indexes included.

Beside it stands what the same facts take as rows, one an observation, with their primary key:

    make bench-storage
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from datetime import datetime, timedelta

from sqlalchemy import Column, Engine, MetaData, Table, create_engine, func, insert, select, text

from aggregator.clock import utc_now
from aggregator.engines import engine_options
from aggregator.models import OfferFigures, PollGap, PriceDetail, PriceHour, PricePoint, PriceSeal
from benchmarks.generator import MINUTE, Watched, seal_hours, vacuum, write_polls
from benchmarks.rig import database

_SEALED = [m.__tablename__ for m in (PriceDetail, PriceHour, OfferFigures, PriceSeal, PollGap)]
_SIZES = {
    "postgresql": "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r'",
    "sqlite": (
        "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) GROUP BY 1"
    ),
}


def main() -> None:
    """Measure, and print two lines a database: the figures, and what they consist of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=8, help="8 offers each")
    parser.add_argument("--days", type=int, default=14)
    options = parser.parse_args()
    print("| database | observations | sealed, bytes each | as rows, bytes each |")
    print("|---|---|---|---|")
    for kind in ("sqlite", "postgresql"):
        with ExitStack() as stack:
            url = database(stack, kind)
            engine = create_engine(url, **engine_options(url))
            stack.callback(engine.dispose)
            measure(engine, options.products, timedelta(days=options.days))


def measure(engine: Engine, n_products: int, period: timedelta) -> None:
    """Print the figures of one database."""
    end = utc_now().replace(minute=0, second=0, microsecond=0)
    rows = write(engine, n_products, end - period, end)
    with engine.connect() as connection:
        n_rows = connection.scalar(select(func.count()).select_from(rows)) or 0
        n_sealed = connection.scalar(select(func.sum(PriceDetail.n_changes)))
    assert n_sealed == n_rows, "both must hold the same facts"
    sizes = {name: size / n_rows for name, size in table_sizes(engine).items()}
    sealed = sum(sizes[name] for name in _SEALED)
    print(f"| {engine.name} | {n_rows:,} | {sealed:.2f} | {sizes[rows.name]:.1f} |")
    print("", ", ".join(f"{name} {sizes[name]:.2f}" for name in _SEALED), flush=True)


def write(engine: Engine, n_products: int, start: datetime, end: datetime) -> Table:
    """Write a history, sealed; return the table that holds the same changes as rows."""
    table = PricePoint.__table__
    columns = [Column(c.name, c.type, primary_key=c.primary_key) for c in table.columns]
    rows = Table("rows", MetaData(), *columns)
    rows.create(engine)
    watched = [Watched(engine, f"Product {i}", start) for i in range(n_products)]
    # It takes a poll after an hour to know that the hour is over.
    write_polls(engine, watched, end + MINUTE)
    with engine.begin() as connection:
        over = select(table).where(table.c.observed_at < end)
        connection.execute(insert(rows).from_select(table.c.keys(), over))
    seal_hours(engine, end + timedelta(hours=1))
    return rows


def table_sizes(engine: Engine) -> dict[str, int]:
    """Return the bytes of each table with its indexes."""
    vacuum(engine)
    with engine.connect() as connection:
        return dict(connection.execute(text(_SIZES[engine.name])).all())


if __name__ == "__main__":
    main()
