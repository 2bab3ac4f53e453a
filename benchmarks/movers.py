"""How long the web server takes to rank a large catalogue by how its prices changed.

One product gets a day of history from the product's own code; the others are copies of it with
other prices. Of every hundred, one was sold out at the start of most periods, one is a few hours
old, and one is sold out now:

    make bench-movers
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Engine,
    create_engine,
    delete,
    insert,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.orm import Session

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.engines import engine_options
from aggregator.models import (
    FirstPrice,
    LastPrice,
    Offer,
    OfferFigures,
    PriceHour,
    PriceSeal,
    PriceStart,
    Product,
    ProductSync,
)
from benchmarks.generator import MINUTE, Watched, vacuum, write_polls, write_years
from benchmarks.rig import database
from benchmarks.server import Server, percentile

HOUR = timedelta(hours=1)
_WARM_UP = 10
#: The last one begins before everything.
_QUESTIONS = ["", "sort=-absolute", "limit=200", "period=1h", "period=7d"]


def main() -> None:
    """Measure, and print a table: median and 95th percentile in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=100, help="that each question is asked")
    options = parser.parse_args()
    print("| database | products |", *(f"{query or 'default'} |" for query in _QUESTIONS))
    print("|---|---|" + "---|" * len(_QUESTIONS), flush=True)
    for kind in ("postgresql", "sqlite"):
        with ExitStack() as stack:
            url = database(stack, kind)
            fill(url, options.products)
            server = Server(stack, url)
            cells = [measure(server, query, options.times) for query in _QUESTIONS]
            print(f"| {kind} | {options.products:,} |", " | ".join(cells), "|", flush=True)


def measure(server: Server, query: str, n_times: int) -> str:
    """Return how long the answers to a question take."""
    path = f"/api/v1/movers?{query}"
    assert server.get(path)["items"]
    took = [server.time_ms(path) for _ in range(n_times + _WARM_UP)][_WARM_UP:]
    return f"{percentile(took, 50):.0f} / {percentile(took, 95):.0f}"


def fill(url: str, n: int) -> None:
    """Write a catalogue as it is some minutes after a full hour: the hour before is not sealed."""
    engine = create_engine(url, **engine_options(url))
    now = utc_now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    pattern = write_pattern(engine, hour - 26 * HOUR, hour - HOUR, now)
    with unit_of_work(engine) as session:
        ids = copy_products(session, pattern, n - 1, now)
        copy_history(session, pattern, hour)
        write_price_starts(session, pattern, [hour - HOUR, hour])
        let_sell_out_then(session, ids[::100], hour)
        let_be_new(session, ids[1::100], hour)
        let_sell_out_now(session, ids[2::100], now)
    vacuum(engine)
    engine.dispose()


def write_pattern(engine: Engine, start: datetime, sealed_until: datetime, now: datetime) -> UUID:
    """Write one product with its history; return its id."""
    watched = Watched(engine, "Product", start)
    write_years(engine, [watched], start, sealed_until + MINUTE)
    write_polls(engine, [watched], now)
    return watched.product_id


def copy_products(session: Session, pattern: UUID, n: int, now: datetime) -> list[UUID]:
    """Create products, each with a best price of its own; return their ids."""
    random = Random("movers")
    product, sync = session.get_one(Product, pattern), session.get_one(ProductSync, pattern)
    assert sync.best_price is not None
    ids = [UUID(int=random.getrandbits(128)) for _ in range(n)]
    # Prices must not fall below 0 when they move as the pattern's do.
    prices = [random.randrange(sync.best_price, 20 * sync.best_price) for _ in ids]
    ages = [timedelta(milliseconds=random.randrange(60_000)) for _ in ids]
    session.execute(insert(Product), [columns_of(product) | {"id": id_} for id_ in ids])
    session.execute(
        insert(ProductSync),
        [
            columns_of(sync)
            | {"product_id": id_, "best_price": price, "due_at": now - age + MINUTE}
            | {"checked_at": now - age}
            for id_, price, age in zip(ids, prices, ages, strict=True)
        ],
    )
    return ids


def columns_of(row: Any) -> dict[str, Any]:
    """Return the columns of a model's row."""
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


def copy_history(session: Session, pattern: UUID, hour: datetime) -> None:
    """Give all other products the pattern's history, moved by how their prices differ."""
    sync = session.get_one(ProductSync, pattern)
    moved = ProductSync.best_price - sync.best_price
    # Of what it takes to dress up the winners, only what begins the periods is needed.
    days = [hour - 24 * HOUR, hour - 23 * HOUR]
    for model, names, condition in (
        (Offer, ("price",), Offer.ended_at.is_(None)),
        (FirstPrice, ("price",), None),
        (PriceSeal, (), None),
        (PriceHour, ("open", "close", "low", "high"), PriceHour.aggregate == "best"),
        (OfferFigures, (), OfferFigures.hour.in_(days)),
    ):
        columns: dict[str, Any] = {c.name: c for c in model.__table__.columns}
        columns |= {name: columns[name] + moved for name in names}
        columns["product_id"] = ProductSync.__table__.c.product_id
        query = (
            select(*columns.values())
            .join(ProductSync, ProductSync.product_id != model.product_id)
            .where(model.product_id == pattern)
        )
        if condition is not None:
            query = query.where(condition)
        session.execute(insert(model).from_select(list(columns), query))


def write_price_starts(session: Session, pattern: UUID, hours: Sequence[datetime]) -> None:
    """Write what the hours that are not sealed began with."""
    offer_id = session.scalars(select(Offer.id).where(Offer.product_id == pattern)).first()
    columns = [column.name for column in PriceStart.__table__.columns]
    for hour in hours:
        start = (hour, ProductSync.best_price + 7, hour, hour - MINUTE / 2, offer_id)
        query = select(ProductSync.product_id, *(_as_column(value) for value in start))
        session.execute(insert(PriceStart).from_select(columns, query))


def _as_column(value: Any) -> Any:
    return value if isinstance(value, ColumnElement) else literal(value)


def let_sell_out_then(session: Session, ids: Sequence[UUID], hour: datetime) -> None:
    """Let products have had no price until ten hours ago."""
    mine = PriceHour.product_id.in_(ids)
    nothing = dict.fromkeys(("open", "close", "low", "high"), null())
    back = hour - 10 * HOUR
    session.execute(update(PriceHour).where(mine, PriceHour.hour < back).values(nothing))
    _begin_late(session, ids, back)


def let_be_new(session: Session, ids: Sequence[UUID], hour: datetime) -> None:
    """Let products have been polled for the first time five hours ago."""
    born = hour - 5 * HOUR
    session.execute(delete(PriceHour).where(PriceHour.product_id.in_(ids), PriceHour.hour < born))
    _begin_late(session, ids, born)
    first_at = born + MINUTE
    session.execute(
        update(ProductSync).where(ProductSync.product_id.in_(ids)).values(first_checked_at=first_at)
    )
    session.execute(update(FirstPrice).where(FirstPrice.product_id.in_(ids)).values(at=first_at))


def _begin_late(session: Session, ids: Sequence[UUID], hour: datetime) -> None:
    """Let an hour have begun without a price."""
    session.execute(
        update(PriceHour)
        .where(PriceHour.product_id.in_(ids), PriceHour.hour == hour)
        .values(open=null(), first=PriceHour.open, first_at=hour + MINUTE)
    )


def let_sell_out_now(session: Session, ids: Sequence[UUID], now: datetime) -> None:
    """Let products have had no price for half an hour."""
    until = now - 30 * MINUTE
    mine = ProductSync.product_id.in_(ids)
    columns = [column.name for column in LastPrice.__table__.columns]
    last = (ProductSync.best_price, literal(until), literal(until - MINUTE), literal(ids[0]))
    query = select(ProductSync.product_id, *last).where(mine)
    session.execute(insert(LastPrice).from_select(columns, query))
    session.execute(update(ProductSync).where(mine).values(best_price=None, offers_count=0))


if __name__ == "__main__":
    main()
