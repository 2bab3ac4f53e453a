"""Keeping at hand the best prices that hours and products begin with, or ended with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from aggregator.db import Base
from aggregator.models import FirstPrice, LastPrice, PriceStart
from aggregator.offers_wire import RemoteOffer
from aggregator.recordset import dialect_insert, recordset
from aggregator.services.observations import Observation

_MILLISECOND = timedelta(milliseconds=1)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """A poll, and what was listed until then."""

    seen: Observation
    before: Mapping[UUID, RemoteOffer]
    """By id."""

    @property
    def old_best(self) -> RemoteOffer | None:
        """The offer whose price was the best one before; None where nothing was buyable."""
        return _find_best(self.before.values())

    @property
    def new_best(self) -> RemoteOffer | None:
        """The same afterwards, where nothing was buyable before: it must have changed."""
        return _find_best([*self.seen.changes.listed, *self.seen.changes.changed])

    @property
    def is_return(self) -> bool:
        """Whether something is buyable where nothing was before."""
        has_price = self.seen.changes.best_price is not None
        return has_price and all(offer.items_in_stock == 0 for offer in self.before.values())


def write_price_marks(session: Session, transitions: Sequence[Transition]) -> None:
    """Write what polls mean to the prices at hand, which of most is nothing.

    :param transitions: sorted by product, at most one of each.
    """
    returns = [turn for turn in transitions if turn.is_return]
    _insert(session, PriceStart, sorted([*_held(transitions), *_begun(returns)]))
    _insert(session, FirstPrice, list(_first(returns)))
    _insert(session, LastPrice, list(_lost(transitions)))
    if returned := [turn.seen.product_id for turn in returns if turn.seen.previous_at]:
        session.execute(delete(LastPrice).where(LastPrice.product_id.in_(returned)))


def _held(transitions: Iterable[Transition]) -> Iterator[Row]:
    """Yield the starts of hours that began with a price, of which these polls are the first.

    A poll at the very start of an hour belongs to the hour before: with what it saw the new
    hour begins, and that is known as what held until the next poll.
    """
    for turn in transitions:
        seen = turn.seen
        hour = _floor_hour(seen.at - _MILLISECOND)
        if seen.previous_at is None or seen.previous_at > hour:
            continue
        if best := turn.old_best:
            yield seen.product_id, hour, best.price, hour, seen.previous_at, best.id


def _begun(returns: Iterable[Transition]) -> Iterator[Row]:
    """Yield the starts of hours that may have had no price before these polls."""
    for turn in returns:
        seen = turn.seen
        if best := turn.new_best:
            yield seen.product_id, _floor_hour(seen.at), best.price, seen.at, seen.at, best.id


def _first(returns: Iterable[Transition]) -> Iterator[Row]:
    """Yield the first prices of products that may have had none before these polls."""
    for turn in returns:
        yield turn.seen.product_id, turn.seen.changes.best_price, turn.seen.at


def _lost(transitions: Iterable[Transition]) -> Iterator[Row]:
    """Yield the last prices of products of which these polls found nothing buyable any more."""
    for turn in transitions:
        seen = turn.seen
        if seen.changes.best_price is None and (best := turn.old_best):
            yield seen.product_id, best.price, seen.at, seen.previous_at, best.id


def _insert(session: Session, model: type[Base], rows: Sequence[Row]) -> None:
    """Insert rows, given in the order of the model's columns; those that are there stay."""
    if not rows:
        return
    columns = {column.name: column.type for column in model.__table__.columns}
    new = recordset(session, columns, rows, name="mark")
    # Without a WHERE, SQLite reads the ON of the ON CONFLICT as a join's.
    values = select(new).where(new.c.product_id.is_not(None))
    statement = dialect_insert(session, model).from_select(list(columns), values)
    session.execute(statement.on_conflict_do_nothing())


def _find_best(offers: Iterable[RemoteOffer]) -> RemoteOffer | None:
    """Return the cheapest buyable offer, of several the one with the smallest id."""
    buyable = (offer for offer in offers if offer.items_in_stock > 0)
    return min(buyable, key=lambda offer: (offer.price, offer.id), default=None)


def _floor_hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
