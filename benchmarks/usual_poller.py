"""A poller as it is usually written: one product at a time, ORM objects, a commit each.

What ours is compared with, on tables of its own. Started by ``make bench-poll``; prints the
seconds of CPU and of wall time that a round took.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import requests
from sqlalchemy import DateTime, ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from aggregator.clock import utc_now
from benchmarks.stopwatch import Stopwatch


class Base(DeclarativeBase):
    """The base of its tables."""

    type_annotation_map = {datetime: DateTime(timezone=True)}


class Product(Base):
    """A product, and when it was last polled."""

    __tablename__ = "usual_products"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime | None]
    offers: Mapped[list[Offer]] = relationship(cascade="all, delete-orphan")


class Offer(Base):
    """An offer as it was last seen."""

    __tablename__ = "usual_offers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey(Product.id), index=True)
    price: Mapped[int]
    items_in_stock: Mapped[int]


class PriceChange(Base):
    """A price or a stock that an offer had from an instant on."""

    __tablename__ = "usual_price_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    offer_id: Mapped[UUID] = mapped_column(index=True)
    observed_at: Mapped[datetime]
    price: Mapped[int]
    items_in_stock: Mapped[int]


def poll_all(session: Session, base_url: str, product_ids: Sequence[UUID]) -> None:
    """Poll each product once, one after another."""
    http = requests.Session()
    http.headers["Bearer"] = "good-for-ever"
    for product_id in product_ids:
        product = session.get_one(Product, product_id)
        response = http.get(f"{base_url}/products/{product_id}/offers", timeout=5)
        response.raise_for_status()
        store(session, product, response.json())


def store(session: Session, product: Product, items: Sequence[dict[str, str | int]]) -> None:
    """Store what a product's offers are now, and what changed; commit."""
    now = utc_now()
    known = {offer.id: offer for offer in product.offers}
    for item in items:
        offer_id, price, stock = UUID(str(item["id"])), int(item["price"]), item["items_in_stock"]
        figures = {"price": price, "items_in_stock": int(stock)}
        offer = known.pop(offer_id, None)
        if offer is None:
            product.offers.append(Offer(id=offer_id, **figures))
        elif (offer.price, offer.items_in_stock) != tuple(figures.values()):
            offer.price, offer.items_in_stock = figures["price"], figures["items_in_stock"]
        else:
            continue
        session.add(PriceChange(offer_id=offer_id, observed_at=now, **figures))
    for gone in known.values():
        product.offers.remove(gone)
    product.checked_at = now
    session.commit()


def main() -> None:
    """Poll each product of which the id comes in a line of the standard input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base_url")
    parser.add_argument("--database", required=True)
    options = parser.parse_args()
    product_ids = [UUID(line) for line in sys.stdin.read().split()]
    engine = create_engine(options.database)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for product_id in product_ids:
            session.merge(Product(id=product_id))
        session.commit()
    with Stopwatch(), Session(engine) as session:
        poll_all(session, options.base_url, product_ids)


if __name__ == "__main__":
    main()
