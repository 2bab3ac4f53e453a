"""The product answers as the reference does, whatever the history and the question.

What holds for the reference (``test_laws``) holds for the product therefore, and both databases
answer alike.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import assume, given
from hypothesis import strategies as st

from aggregator.clock import utc_now
from tests.integration.api import fetch
from tests.trend.answer import Question, text
from tests.trend.api import TrendApi
from tests.trend.conftest import cases
from tests.trend.histories import histories, questions
from tests.trend.reference import History
from tests.trend.tolerance import expected_of
from tests.trend.worked import FIVE_MINUTES, HOUR, to_ms


@pytest.fixture(params=[False, True], ids=["recent", "sealed"])
def sealed(request: pytest.FixtureRequest) -> bool:
    """Say whether what the first polls saw gets sealed before the others come."""
    return bool(request.param)


@cases(0.3)
@given(data=st.data(), history=histories())
def test_trends_equal_the_reference(
    trends: TrendApi, sealed: bool, data: st.DataObject, history: History
) -> None:
    n_sealed = data.draw(st.integers(0, len(history.polls))) if sealed else 0
    with trends.stored(history, n_sealed) as product_id:
        for _ in range(3):
            question = data.draw(questions(history))
            found = trends.answer(product_id, history, question)
            assert found == expected_of(product_id, history, question)


@cases(0.1)
@given(
    history=histories(),
    age=st.sampled_from([0, FIVE_MINUTES, FIVE_MINUTES - 500, 3 * HOUR]),
    period=st.sampled_from(["30m", "P1D", "P30D"]),
    to=st.sampled_from([{}, {"to": "2999-12-31"}]),
)
def test_periods_until_now_equal_the_reference(
    trends: TrendApi, history: History, age: int, period: str, to: dict[str, str]
) -> None:
    assume(history.polls)
    by = to_ms(utc_now().isoformat()) - age - history.polls[-1][0]
    recent = replace(history, polls=tuple((at + by, offers) for at, offers in history.polls))
    with trends.stored(recent) as product_id:
        found = trends.trend(product_id, history.stale_after, {"period": period, **to}, None)

    start, end = (to_ms(found["period"][name]) for name in ("from", "to"))
    del found["links"]
    question = Question(start=start, end=end, clamped=bool(to))
    assert found == expected_of(product_id, recent, question)


def events_of(history: History) -> list[dict[str, Any]]:
    """Return what turns each snapshot into the next, sorted by instant and offer."""
    events, before = [], dict[UUID, tuple[int, int]]()
    for at, offers in history.polls:
        for id_ in sorted(before.keys() | offers.keys()):
            price, stock = offers.get(id_, (None, None))
            event = "listed" if id_ not in before else "changed" if id_ in offers else "ended"
            if before.get(id_) != offers.get(id_):
                named = {"at": text(at), "offer_id": str(id_), "event": event}
                events.append(named | {"price": price, "items_in_stock": stock})
        before = dict(offers)
    return events


def walk(client: FlaskClient, path: str | None) -> list[dict[str, Any]]:
    """Return all items of a list, page by page."""
    found = []
    while path:
        page = fetch(client, path)
        found += page["items"]
        path = page["links"]["next"]
    return found


@cases(0.15)
@given(data=st.data(), history=histories())
def test_every_snapshot_can_be_seen_again(
    trends: TrendApi, sealed: bool, data: st.DataObject, history: History
) -> None:
    assume(history.polls)
    n_sealed = data.draw(st.integers(0, len(history.polls))) if sealed else 0
    client = trends.client(history.stale_after)
    first, last = history.polls[0][0], history.polls[-1][0]
    with trends.stored(history, n_sealed) as product_id:
        for at, offers in history.polls:
            page = fetch(client, f"{product_id}/offers?at={text(at)}&limit=200")
            seen = {UUID(o["id"]): (o["price"], o["items_in_stock"]) for o in page["items"]}
            assert (page["checked_at"], seen) == (text(at), offers)
        page = fetch(client, f"{product_id}/offers?at={text(first - 1)}")
        assert (page["checked_at"], page["items"]) == (None, [])
        path = f"{product_id}/history?from={text(first)}&to={text(last + 1)}&limit=5"
        assert walk(client, path) == events_of(history)
