"""A product's changes over HTTP: which they are, in which order, and page by page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.services import changes
from tests.factories import make_product, observe, seal_history
from tests.integration.api import PRODUCTS, faults_of, fetch, json_of
from tests.integration.past import A, B, C, Polls, store, written

POLLS: Polls = {
    10: {A: (5, 1), B: (7, 0), C: (9, 9)},
    30: {A: (5, 1), B: (7, 2)},
    31: {A: (5, 1), B: (7, 2)},
    60: {A: (5, 0), B: (6, 2), C: (9, 9)},
    185: {},
    190: {C: (2**63 - 1, 2**63 - 1)},
}
EVENTS = [
    (10, A, 5, 1, "listed"),
    (10, B, 7, 0, "listed"),
    (10, C, 9, 9, "listed"),
    (30, B, 7, 2, "changed"),
    (30, C, None, None, "ended"),
    (60, A, 5, 0, "changed"),
    (60, B, 6, 2, "changed"),
    (60, C, 9, 9, "listed"),
    (185, A, None, None, "ended"),
    (185, B, None, None, "ended"),
    (185, C, None, None, "ended"),
    (190, C, 2**63 - 1, 2**63 - 1, "listed"),
]
NEWEST_FIRST = sorted(EVENTS, key=lambda event: -event[0])
ALL = {"from": written(0), "to": written(200)}


@pytest.fixture
def product_id(engine: Engine) -> UUID:
    """Return a product with changes, most of them sealed and the last ones recent."""
    product_id = store(engine, POLLS)
    assert seal_history(engine) == 2
    return product_id


def ask(client: FlaskClient, product_id: UUID, **query: object) -> dict[str, Any]:
    return fetch(client, f"{product_id}/history?{urlencode(ALL | query)}")


def events_of(page: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(event.values()) for event in page["items"]]


def as_told(events: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(written(minutes), str(id_), *more) for minutes, id_, *more in events]


def pages(client: FlaskClient, page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a page and those behind it."""
    yield page
    while following := page["links"]["next"]:
        page = fetch(client, following)
        yield page


def test_every_change_is_told_oldest_first(client: FlaskClient, product_id: UUID) -> None:
    page = ask(client, product_id)
    assert list(page["items"][0]) == ["at", "offer_id", "price", "items_in_stock", "event"]
    assert events_of(page) == as_told(EVENTS)
    period = {"seconds": 12_000, "clamped": False}
    assert (page["period"], page["resolution"]) == (ALL | period, "exact")
    assert page.keys() == {"items", "period", "resolution", "links"}


@pytest.mark.parametrize("hours_at_a_time", [1, 24])
@pytest.mark.parametrize(("sort", "events"), [("at", EVENTS), ("-at", NEWEST_FIRST)])
def test_pages_together_are_one_big_page(
    client: FlaskClient,
    product_id: UUID,
    monkeypatch: pytest.MonkeyPatch,
    sort: str,
    events: list[tuple[Any, ...]],
    hours_at_a_time: int,
) -> None:
    monkeypatch.setattr(changes, "_BATCH", hours_at_a_time)
    assert events_of(ask(client, product_id, sort=sort, limit=200)) == as_told(events)
    for limit in (1, 2, 50):
        walked = list(pages(client, ask(client, product_id, sort=sort, limit=limit)))
        assert [event for page in walked for event in events_of(page)] == as_told(events)
        assert all(len(page["items"]) == limit for page in walked[:-1])


def test_total_counts_all_changes_of_the_period(client: FlaskClient, product_id: UUID) -> None:
    page = ask(client, product_id, include="total", limit=5)
    assert [page["total"] for page in pages(client, page)] == [12, 12, 12]
    assert ask(client, product_id, include="total", offer_id=A)["total"] == 3


@pytest.mark.parametrize(("sort", "events"), [("at", EVENTS), ("-at", NEWEST_FIRST)])
def test_changes_of_one_offer_can_be_asked_for(
    client: FlaskClient, product_id: UUID, sort: str, events: list[tuple[Any, ...]]
) -> None:
    for offer_id in (A, B, C):
        walked = pages(client, ask(client, product_id, offer_id=offer_id, sort=sort, limit=1))
        chosen = [event for event in events if event[1] == offer_id]
        assert [event for page in walked for event in events_of(page)] == as_told(chosen)


def test_offer_that_the_product_never_had_changed_never(
    client: FlaskClient, product_id: UUID
) -> None:
    # The contract is silent here: a filter that nothing fits leaves an empty list.
    page = ask(client, product_id, offer_id=uuid4(), include="total")
    assert (page["items"], page["total"], page["links"]["next"]) == ([], 0, None)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        pytest.param(10, 60, {10, 30, 60}, id="both-ends-are-in"),
        pytest.param(10 + 1 / 60_000, 60 - 1 / 60_000, {30}, id="just-inside"),
        pytest.param(31, 59, {}, id="nothing-changed"),
        pytest.param(60, 185, {60, 185}, id="over-the-seal"),
        pytest.param(185, 200, {185, 190}, id="what-is-recent"),
        pytest.param(-500, 5, {}, id="before-all"),
    ],
)
def test_changes_at_both_ends_of_the_period_are_in(
    client: FlaskClient, product_id: UUID, start: float, end: float, minutes: set[int]
) -> None:
    period = {"from": written(start), "to": written(end)}
    for sort, events in (("at", EVENTS), ("-at", NEWEST_FIRST)):
        page = ask(client, product_id, **period, sort=sort)
        assert events_of(page) == as_told([event for event in events if event[0] in minutes])


def test_without_a_period_it_is_the_last_thirty_days(engine: Engine, client: FlaskClient) -> None:
    product_id, now = make_product(engine), utc_now()
    for days, price in [(31, 1), (29, 2), (0, 3)]:
        observe(engine, product_id, {A: (price, 1)}, at=now - timedelta(days=days))
    page = fetch(client, f"{product_id}/history")
    assert [event["price"] for event in page["items"]] == [2, 3]
    assert page["period"]["seconds"] == 30 * 86_400
    page = fetch(client, f"{product_id}/history?period=P40D&to=2999-01-01")
    assert [event["price"] for event in page["items"]] == [1, 2, 3]
    assert page["period"]["clamped"] is True


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        pytest.param("sort=price", {("sort", "choice")}, id="sort"),
        pytest.param("format=xml", {("format", "choice")}, id="format"),
        pytest.param("offer_id=1", {("offer_id", "format")}, id="offer-id"),
        pytest.param("from=x&to=y", {("from", "format"), ("to", "format")}, id="period"),
        pytest.param("from=2026-03-02&to=2026-03-01", {("from", "empty")}, id="empty-period"),
        pytest.param("from=2026-03-01&from=2026-03-01", {("from", "repeated")}, id="repeated"),
        pytest.param(f"from={'1' * 101}", {("from", "too_long")}, id="endless"),
        pytest.param(
            "from=x&to=%00&period=y&tz=Mars&limit=0&include=x&offer_id=1&sort=x&page=2",
            {
                ("from", "format"),
                ("to", "nul"),
                ("period", "format"),
                ("tz", "unknown_zone"),
                ("limit", "range"),
                ("include", "choice"),
                ("offer_id", "format"),
                ("sort", "choice"),
                ("page", "unknown"),
            },
            id="all-at-once",
        ),
    ],
)
def test_bad_parameters_are_told_all_at_once(
    engine: Engine, client: FlaskClient, query: str, faults: set[tuple[str, str]]
) -> None:
    response = client.get(f"{PRODUCTS}/{make_product(engine)}/history?{query}")
    assert faults_of(response, "parameter") == faults


@pytest.mark.parametrize("other", [{"sort": "-at"}, {"offer_id": A}, {"from": written(5)}])
def test_cursor_of_another_query_is_422(
    client: FlaskClient, product_id: UUID, other: dict[str, object]
) -> None:
    following = ask(client, product_id, limit=1)["links"]["next"]
    cursor = following.partition("cursor=")[2]
    query = urlencode(ALL | {"limit": 1} | other)
    response = client.get(f"{PRODUCTS}/{product_id}/history?{query}&cursor={cursor}")
    assert faults_of(response, "parameter") == {("cursor", "cursor")}


def test_pages_that_somebody_walks_while_hours_are_sealed_miss_nothing(
    engine: Engine, client: FlaskClient
) -> None:
    product_id = store(engine, POLLS)
    walk = pages(client, ask(client, product_id, limit=2))
    walked = events_of(next(walk))
    seal_history(engine)
    walked += [event for page in walk for event in events_of(page)]
    assert walked == as_told(EVENTS)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_history_of_no_product_is_404(client: FlaskClient, method: str) -> None:
    response = client.open(f"{PRODUCTS}/{uuid4()}/history", method=method)
    assert response.status_code == 404


def test_head_equals_get_without_the_body(client: FlaskClient, product_id: UUID) -> None:
    path, same = f"{PRODUCTS}/{product_id}/history?{urlencode(ALL)}", {"X-Request-ID": "same"}
    got, head = client.get(path, headers=same), client.head(path, headers=same)
    assert json_of(got)
    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) == dict(got.headers)
