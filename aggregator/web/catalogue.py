"""``/``: the catalogue, to search and to compare."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response, request

from aggregator import current
from aggregator.clock import to_ms, utc_now
from aggregator.db import reading
from aggregator.history.period import Period, resolve_period
from aggregator.http.cursors import encode_cursor, list_url
from aggregator.http.replica import reads_replica
from aggregator.services import catalogue
from aggregator.services.catalogue import ProductFilter
from aggregator.services.glances import Glance, Glances, find_glances
from aggregator.services.paging import Page, PageRequest
from aggregator.web.catalogue_query import CatalogueQuery, read_query
from aggregator.web.choices import PERIODS, SORTS
from aggregator.web.pages import page
from aggregator.web.sparkline import Sparkline, draw_sparkline

bp = Blueprint("catalogue", __name__)

_PAGE_SIZE = 25
_FILTERS = {"q", "in_stock", "min_price", "max_price"}
#: Why there is no change to tell.
_REASONS = {
    "never_observed": "not polled yet",
    "no_price_in_period": "no price in this period",
}


@bp.get("/")
@reads_replica
def show_catalogue() -> Response:
    """Show a page of the products that are wanted, each with how its price moved.

    Where parameters are faulty, it says so beside them, and shows what the others ask for.
    """
    now = utc_now()
    query = read_query(request.args)
    found, seen = _find(query, now)
    return page(
        "catalogue.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if query.faults else HTTPStatus.OK,
        now=now,
        query=query,
        periods=PERIODS,
        sorts=SORTS,
        reasons=_REASONS,
        is_filtered=not _FILTERS.isdisjoint(query.typed),
        total=found.total,
        period=seen.period,
        glances=[(glance, _draw(glance, seen.period)) for glance in seen.glances],
        methods={glance.start.method for glance in seen.glances if glance.change.direction},
        directions=Counter(glance.change.direction for glance in seen.glances),
        n_stale=sum(glance.product.stale for glance in seen.glances),
        first_url=None if query.after is None else list_url(None),
        next_url=None if found.next is None else list_url(encode_cursor(found.next)),
    )


def _find(query: CatalogueQuery, now: datetime) -> tuple[Page, Glances]:
    chosen = query.chosen
    wanted = ProductFilter(
        text=chosen["q"],
        in_stock=chosen["in_stock"],
        min_price=chosen["min_price"],
        max_price=chosen["max_price"],
    )
    with reading() as session:
        found = catalogue.list_products(
            session,
            PageRequest(_PAGE_SIZE, query.after, with_total=True),
            wanted=wanted,
            sort=chosen["sort"],
            stale_before=now - current.stale_after(),
        )
        period = _period(chosen["period"], now)
        return found, find_glances(session, found.rows, period, known_for=current.stale_after())


def _period(name: str, now: datetime) -> Period:
    return resolve_period(start=None, end=None, period=name, tz=None, now=to_ms(now))


def _draw(glance: Glance, period: Period) -> Sparkline | None:
    # From what the change is told since: of a new product, a whole period would be a mere stroke.
    since = min(glance.start.at or period.start, period.end - 1)
    return draw_sparkline(glance.line, since, period.end)
