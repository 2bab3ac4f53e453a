"""Sealing moves history to where it takes less room, and changes nothing that is told."""

from __future__ import annotations

import gc
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from aggregator.clock import to_ms, utc_now
from aggregator.db import reading, unit_of_work
from aggregator.models import OfferFigures, Poll, PriceDetail, PriceHour, PricePoint, PriceSeal
from aggregator.services.archive import Archive
from aggregator.services.endpoints import CurveReader
from aggregator.services.seal_claims import claim_seals
from aggregator.services.sealing import seal_products
from tests.factories import FOR_EVER, STALE_AFTER, make_product, seal_history
from tests.integration.api import fetch
from tests.integration.past import A, B, C, Polls, after, alike, rows, store, tell_all, written

DAY = 24 * 60
MARKET = {A: (100, 3), B: (120, 1), C: (90, 0)}
EVENTFUL: Polls = {
    10: {A: (100, 1)},
    14: {A: (100, 1), B: (90, 2)},
    59.99: {B: (95, 2), C: (200, 1)},
    61: {B: (95, 0), C: (200, 1)},
    64: {},
    125: {A: (100, 1), B: (80, 1)},
    126: {A: (0, 1), B: (80, 1)},
    190: {A: (100, 1), C: (2**53 + 1, 1)},
    194: {A: (100, 2), C: (2**63 - 1, 2**63 - 1)},
}
BACKLOG: Polls = {60 * n: {A: (n, 1)} for n in range(9)}
HISTORIES = [
    pytest.param(EVENTFUL, 3, id="eventful"),
    pytest.param(dict.fromkeys((5, 9, 65, 125, 185), MARKET), 3, id="hours-without-changes"),
    pytest.param({10: MARKET, 50: MARKET}, 0, id="one-hour"),
    pytest.param({0: MARKET, 60: {A: (7, 1)}, 120: {B: (8, 1)}}, 2, id="on-the-hour"),
    pytest.param({0: {}, 30: {A: (7, 0)}, 90: {A: (7, 0)}, 180: {}}, 2, id="never-buyable"),
    pytest.param({30: MARKET, 3 * DAY + 5: {A: (1, 1)}, 3 * DAY + 65: {}}, 2, id="outage-of-days"),
    pytest.param({30: MARKET, 360: {A: (1, 0)}, 425: {}}, 2, id="outage-that-ends-on-the-hour"),
    pytest.param({57: MARKET, 350: {A: (1, 0)}, 425: {}}, 3, id="known-into-the-next-hour"),
    pytest.param(BACKLOG, 8, id="backlog"),
]


@pytest.mark.parametrize(("polls", "n_hours"), HISTORIES)
def test_sealed_history_tells_what_it_told_before(
    engine: Engine, client: FlaskClient, polls: Polls, n_hours: int
) -> None:
    product_id = store(engine, polls)
    before = tell_all(client, product_id, polls)
    assert seal_history(engine) == n_hours
    assert tell_all(client, product_id, polls) == alike(before)


def test_hours_of_certainty_without_a_poll_are_sealed_too(
    engine: Engine, client: FlaskClient
) -> None:
    polls: Polls = {30: MARKET, 250: {A: (7, 1)}}
    product_id = store(engine, polls, stale_after=timedelta(days=1))
    before = tell_all(client, product_id, polls)
    assert seal_history(engine) == 4
    assert tell_all(client, product_id, polls) == alike(before)


def test_sealing_hour_by_hour_comes_to_the_same(engine: Engine, client: FlaskClient) -> None:
    product_id, at_once = make_product(engine), make_product(engine)
    for minutes, offers in EVENTFUL.items():
        store(engine, {minutes: offers}, product_id=product_id)
        seal_history(engine)
    store(engine, EVENTFUL, product_id=at_once)
    seal_history(engine)
    expected = alike(tell_all(client, at_once, EVENTFUL))
    assert tell_all(client, product_id, EVENTFUL) == expected


def test_sealing_again_changes_nothing(engine: Engine) -> None:
    store(engine, EVENTFUL)
    seal_history(engine)
    before = rows(engine, "price_seals")
    assert seal_history(engine) == 0
    assert rows(engine, "price_seals") == before


def test_what_is_sealed_moves_and_the_rest_stays(engine: Engine) -> None:
    product_id = store(engine, EVENTFUL)
    seal_history(engine)
    recent = [after(minutes) for minutes in (190, 194)]
    with reading(engine) as session:
        for model in (PricePoint, Poll):
            found = select(model.observed_at).where(model.product_id == product_id).distinct()
            assert sorted(session.scalars(found)) == recent
        details = session.execute(select(PriceDetail.hour, PriceDetail.n_changes))
        assert sorted(map(tuple, details)) == [(after(0), 5), (after(60), 3), (after(120), 3)]
        n_hours = select(PriceHour.aggregate, func.count()).group_by(PriceHour.aggregate)
        assert {tuple(row) for row in session.execute(n_hours)} == {
            ("best", 3),
            ("mean", 3),
            ("median", 3),
        }
        assert session.scalar(select(func.count()).select_from(OfferFigures)) == 3
        seal = session.get_one(PriceSeal, product_id)
        assert (seal.sealed_until, seal.detail_from) == (after(180), after(0))


@pytest.mark.parametrize(
    ("minutes", "n_hours"),
    [
        pytest.param(60 - 1 / 60_000, 0, id="a-millisecond-before-the-end"),
        pytest.param(60, 1, id="at-the-end"),
        pytest.param(60 + 1 / 60_000, 1, id="behind-the-end"),
    ],
)
def test_hour_is_sealed_once_a_poll_at_or_after_its_end_is_stored(
    engine: Engine, minutes: float, n_hours: int
) -> None:
    product_id = store(engine, {10: MARKET, 50: {A: (1, 1)}})
    assert seal_history(engine) == 0
    store(engine, {minutes: MARKET}, product_id=product_id)
    assert seal_history(engine) == n_hours


def test_poll_on_the_hour_belongs_to_the_hour_that_begins(engine: Engine) -> None:
    store(engine, {0: {A: (1, 1)}, 60: {A: (2, 1)}, 120: {A: (3, 1)}})
    seal_history(engine)
    with reading(engine) as session:
        best = select(PriceHour).where(PriceHour.aggregate == "best").order_by(PriceHour.hour)
        found = [(hour.hour, hour.open, hour.close) for hour in session.scalars(best)]
    assert found == [(after(0), 1, 1), (after(60), 2, 2)]


def test_product_that_was_never_polled_has_nothing_to_seal(engine: Engine) -> None:
    make_product(engine)
    assert seal_history(engine) == 0
    assert rows(engine)["price_seals"] == []


def claim(engine: Engine) -> tuple[list[UUID], datetime]:
    """Claim what can be sealed."""
    with unit_of_work(engine) as session:
        return claim_seals(session, now=utc_now(), limit=9)


def test_backlog_is_sealed_in_steps_of_six_hours(engine: Engine) -> None:
    product_id = store(engine, BACKLOG)
    for n_hours, due_now in [(6, True), (2, False)]:
        product_ids, lease = claim(engine)
        with unit_of_work(engine) as session:
            now = utc_now()
            sealed = seal_products(session, product_ids, lease, now=now, detail_for=FOR_EVER)
        assert sealed == n_hours
        with reading(engine) as session:
            assert (session.get_one(PriceSeal, product_id).due_at <= utc_now()) is due_now


def test_product_is_looked_at_again_when_its_next_hour_should_be_over(engine: Engine) -> None:
    now = utc_now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    product_id = store(engine, {(hour - after(0)) / timedelta(minutes=1) - 30: MARKET})
    store(engine, {(now - after(0)) / timedelta(minutes=1): MARKET}, product_id=product_id)
    assert seal_history(engine) == 1
    with reading(engine) as session:
        due_at = session.get_one(PriceSeal, product_id).due_at
    assert hour + timedelta(hours=1) < due_at < hour + timedelta(hours=1, minutes=20)


def test_product_that_is_polled_no_more_is_looked_at_seldom(engine: Engine) -> None:
    product_id = store(engine, EVENTFUL)
    seal_history(engine)
    with reading(engine) as session:
        idle = session.get_one(PriceSeal, product_id).due_at - utc_now()
    assert timedelta(minutes=25) < idle <= timedelta(minutes=30)


def test_reader_under_way_sees_what_was_there_when_it_began(engine: Engine) -> None:
    product_id = store(engine, EVENTFUL)
    listings = {}
    with reading(engine) as session:
        archive = Archive(session, product_id, known_for=STALE_AFTER)
        assert seal_history(engine) == 3
        for minutes in EVENTFUL:
            listing = archive.side_at(to_ms(after(minutes))).listing
            listings[minutes] = {id_: offer[:2] for id_, offer in listing.items()}
    assert listings == EVENTFUL


def test_nothing_that_was_read_for_a_request_is_kept(engine: Engine, client: FlaskClient) -> None:
    product_id = store(engine, EVENTFUL)
    seal_history(engine)
    before = readers()
    for line in ("trend", f"offers/{A}/trend"):
        period = f"from={written(0)}&to={written(180)}&interval=PT1H"
        fetch(client, f"{product_id}/{line}?{period}")
    assert readers() <= before


def readers() -> set[int]:
    """Return which objects that read history are still there."""
    gc.collect()
    kinds = {Archive, CurveReader}
    return {id(found) for found in gc.get_objects() if type(found) in kinds}
