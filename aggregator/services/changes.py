"""Changes: what happened to a product's offers, one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from aggregator.clock import from_ms, to_ms
from aggregator.history.detail import Detail, Event
from aggregator.history.plan import floor_hour
from aggregator.history.trend import EXACT, HOURLY
from aggregator.models import PriceDetail, PricePoint
from aggregator.services import paging
from aggregator.services.archive import Archive
from aggregator.services.paging import Page, PageRequest, SortKey
from aggregator.services.sealed_details import SEALED_DETAILS, read_detail

#: Sealed hours read at a time.
_BATCH = 24
#: Changes in a page of a stream.
_PAGE = 5_000

_KEYS = (SortKey(PricePoint.observed_at), SortKey(PricePoint.offer_id))
SORTS = {
    "at": _KEYS,
    "-at": (SortKey(PricePoint.observed_at, descending=True), SortKey(PricePoint.offer_id)),
}


@dataclass(frozen=True, slots=True)
class ChangesQuestion:
    """Which changes somebody wants to see. Instants are milliseconds since 1970."""

    start: int
    """A change at this instant is in the period, and so is one at the end."""
    end: int
    offer_id: UUID | None
    """Only this offer's; None all."""
    newest_first: bool


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """A page of changes."""

    page: Page
    resolution: str
    """``exact``, or ``PT1H`` where only hourly figures are left of some of the period."""


def list_changes(
    session: Session, product_id: UUID, question: ChangesQuestion, page: PageRequest
) -> ChangesPage:
    """Return a page of changes as events, those of one instant by offer.

    Where only hourly figures are left of the period, its changes are gone.

    :raises ProductNotFound: There is no such product.
    """
    archive = Archive(session, product_id, known_for=timedelta(0))
    total = sum(1 for _ in _iter_events(archive, question)) if page.with_total else None
    events = _iter_after(archive, question, page.after) if page.after else None
    rows = list(islice(events or _iter_events(archive, question), page.limit + 1))
    lacking = archive.lacks_detail(question.start, question.end)
    resolution = HOURLY if lacking else EXACT
    if len(rows) <= page.limit:
        return ChangesPage(Page(rows, None, total), resolution)
    last = rows[page.limit - 1]
    return ChangesPage(Page(rows[:-1], (from_ms(last.at), last.offer_id), total), resolution)


def iter_pages(
    engine: Engine, product_id: UUID, question: ChangesQuestion
) -> Iterator[Sequence[Event]]:
    """Yield all changes, some thousands at a time.

    What is past does not change, so together they are what one transaction would have read.

    :raises ProductNotFound: There is no such product, or no more.
    """

    def fetch(session: Session, request: PageRequest) -> Page:
        return list_changes(session, product_id, question, request).page

    return paging.iter_pages(engine, _PAGE, fetch)


def _iter_after(
    archive: Archive, question: ChangesQuestion, after: Sequence[Any]
) -> Iterator[Event]:
    """Yield the events behind the one with these sort values."""
    at, offer_id = to_ms(after[0]), after[1]
    rest = replace(question, end=at) if question.newest_first else replace(question, start=at)
    for event in _iter_events(archive, rest):
        if event.at != at or event.offer_id > offer_id:
            yield event


def _iter_events(archive: Archive, question: ChangesQuestion) -> Iterator[Event]:
    for detail in _iter_details(archive, question):
        events = [
            event
            for event in detail.events()
            if question.start <= event.at <= question.end
            and question.offer_id in (None, event.offer_id)
        ]
        if question.newest_first:
            events.sort(key=lambda event: -event.at)
        yield from events


def _iter_details(archive: Archive, question: ChangesQuestion) -> Iterator[Detail]:
    """Yield the details that a period touches, in the order that is asked for."""
    touches_recent = question.end >= archive.sealed_until
    if touches_recent and question.newest_first:
        yield archive.recent
    yield from _iter_sealed(archive, question)
    if touches_recent and not question.newest_first:
        yield archive.recent


def _iter_sealed(archive: Archive, question: ChangesQuestion) -> Iterator[Detail]:
    hour = PriceDetail.hour
    start, end = from_ms(floor_hour(question.start)), from_ms(question.end)
    query = (
        SEALED_DETAILS.where(PriceDetail.n_changes > 0)
        .order_by(hour.desc() if question.newest_first else hour)
        .limit(_BATCH)
    )
    batch = query.where(hour.between(start, end))
    mine = {"product_id": archive.product_id}
    while rows := archive.session.execute(batch, mine).all():
        for row in rows:
            yield read_detail(*row)
        last = from_ms(rows[-1].hour)
        beyond = hour < last if question.newest_first else hour > last
        batch = query.where(hour.between(start, end), beyond)
