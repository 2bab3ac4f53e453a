"""Movers tell of each product what its trend tells, and rank them by it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from aggregator.clock import to_ms, utc_now
from tests.factories import FOR_EVER
from tests.integration.api import fetch
from tests.trend.api import TrendApi
from tests.trend.conftest import cases
from tests.trend.histories import histories
from tests.trend.reference import History
from tests.trend.worked import HOUR

#: What movers and trends have in common.
SHARED = ("start", "end", "change")

#: Histories of one to three products; of each, after how many polls what is over gets sealed.
catalogues = st.lists(st.tuples(histories(), st.integers(0, 12)), min_size=1, max_size=3)


def ending(history: History, hours: int) -> History:
    """Return a history as if it had ended so many hours ago: moved by whole hours."""
    if not history.polls:
        return history
    by = (to_ms(utc_now()) - history.polls[-1][0]) // HOUR * HOUR - hours * HOUR
    return replace(history, polls=tuple((at + by, offers) for at, offers in history.polls))


def rank_of(sort: str, product_id: UUID, trend: dict[str, Any]) -> tuple[Fraction, UUID]:
    """Return what a product is sorted by, exactly."""
    start, end = trend["start"]["value"], trend["end"]["value"]
    base = start if "percent" in sort else 1
    return Fraction(end - start, base) * (-1 if sort.startswith("-") else 1), product_id


@cases(0.4)
@given(
    catalogue=catalogues,
    hours=st.sampled_from([0, 0, 1, 23, 24, 30]),
    period=st.sampled_from(["PT1S", "1h", "2h", "24h", "P7D"]),
    sort=st.sampled_from(["percent", "-percent", "absolute", "-absolute"]),
    detail_for=st.sampled_from([FOR_EVER, FOR_EVER, timedelta(0), timedelta(hours=3)]),
)
def test_movers_are_ranked_by_what_their_trends_tell(
    trends: TrendApi,
    catalogue: list[tuple[History, int]],
    hours: int,
    period: str,
    sort: str,
    detail_for: timedelta,
) -> None:
    stale_after = catalogue[0][0].stale_after
    with ExitStack() as stack:
        ids = [
            stack.enter_context(
                trends.stored(
                    replace(ending(history, hours), stale_after=stale_after),
                    n_sealed,
                    detail_for=detail_for,
                )
            )
            for history, n_sealed in catalogue
        ]
        found = fetch(
            trends.client(stale_after), f"/api/v1/movers?period={period}&sort={sort}&limit=200"
        )
        asked = {name: found["period"][name] for name in ("from", "to")}
        told = {id_: trends.trend(id_, stale_after, asked, None) for id_ in ids}

    having_percent = [id_ for id_ in ids if told[id_]["change"]["percent"] is not None]
    order = sorted(having_percent, key=lambda id_: rank_of(sort, id_, told[id_]))
    expected = [(id_, {name: told[id_][name] for name in SHARED}) for id_ in order]
    assert [
        (UUID(mover["product"]["id"]), {name: mover[name] for name in SHARED})
        for mover in found["items"]
        if UUID(mover["product"]["id"]) in ids
    ] == expected
