"""Exports: the whole catalogue, however slowly somebody takes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from aggregator.services import catalogue, paging
from aggregator.services.catalogue import ProductFilter
from aggregator.services.paging import AnyRow, Page, PageRequest

#: Products in a page.
_PAGE = 500


def iter_pages(engine: Engine, *, stale_before: datetime) -> Iterator[Sequence[AnyRow]]:
    """Yield all products, oldest first, some hundred at a time; at least one page.

    Products that come, change and go meanwhile are seen or not, but each at most once.
    """
    return paging.iter_pages(engine, _PAGE, partial(_list, stale_before))


def count_products(session: Session, *, stale_before: datetime) -> int:
    """Return how many products there are."""
    return _list(stale_before, session, PageRequest(1, with_total=True)).total or 0


def _list(stale_before: datetime, session: Session, request: PageRequest) -> Page:
    return catalogue.list_products(
        session, request, wanted=ProductFilter(), sort="created_at", stale_before=stale_before
    )
