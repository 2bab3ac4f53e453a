"""Detail goes after a while; what whole hours tell stays for ever."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, update

from aggregator.clock import utc_now
from aggregator.db import reading, unit_of_work
from aggregator.history.aggregates import AGGREGATES
from aggregator.models import PriceDetail, PriceSeal
from aggregator.services.seal_claims import claim_seals
from aggregator.services.sealing import seal_products
from tests.factories import FOR_EVER, seal_history
from tests.integration.api import PRODUCTS, faults_of, fetch
from tests.integration.past import A, B, C, Polls, Told, after, alike, leaves, store, written

#: What a period does not tell any more once its detail is gone.
GONE = {"explain", "like_for_like", "resolution"}
UNKNOWN = ("start/observed_at", "end/observed_at", "start/offer_id", "end/offer_id")
POLLS: Polls = {
    10: {A: (100, 3), B: (120, 1)},
    40: {A: (100, 3), B: (90, 1)},
    75: {B: (90, 0), C: (50, 1)},
    120: {A: (110, 1), B: (95, 1)},
    170: {A: (110, 1)},
    # Nothing is known for two hours.
    300: {A: (70, 1), B: (75, 2)},
    333: {},
    365: {A: (70, 1)},
    485: {A: (64, 1)},
}
#: Without detail before the fourth hour: what is asked for and answered, and how exactly.
MOVES = [
    ((65, 185), (60, 180), "PT1H"),
    ((65, 310), (60, 310), "PT1H"),
    ((-25, 125), (-25, 120), "PT1H"),
    ((5, 65), (0, 60), "PT1H"),
    # In the hole, the detail of the hour before it is missing.
    ((250, 310), (240, 310), "PT1H"),
    ((300, 310), (300, 310), "exact"),
    ((313, 490), (313, 490), "exact"),
    ((-190, -65), (-190, -65), "exact"),
]
#: The same for offers: what is answered, by which poll, and since when each offer is like that.
THEN: dict[float, tuple[float, float | None, dict[UUID, float], str]] = {
    60: (60, 40, {A: 10, B: 40}, "PT1H"),
    119: (60, 40, {A: 10, B: 40}, "PT1H"),
    120: (120, 120, {A: 120, B: 120}, "PT1H"),
    # The first poll comes within its hour.
    59: (0, None, {}, "PT1H"),
    # In the hole, what the hour before it ended with holds on.
    200: (180, 170, {A: 120}, "PT1H"),
    310: (310, 300, {A: 300, B: 300}, "exact"),
}


def keep_from(minutes: float) -> timedelta:
    """Return how long detail is kept if its oldest hour is to be this one."""
    return utc_now() - after(minutes)


def seal_step(engine: Engine, detail_for: timedelta) -> None:
    """Do what a sealer does of a product at a time."""
    now = utc_now()
    with unit_of_work(engine) as session:
        session.execute(update(PriceSeal).values(due_at=now))
    with unit_of_work(engine) as session:
        product_ids, lease = claim_seals(session, now=now, limit=9)
    with unit_of_work(engine) as session:
        seal_products(session, product_ids, lease, now=now, detail_for=detail_for)


def seal_of(engine: Engine, product_id: UUID) -> PriceSeal:
    with unit_of_work(engine) as session:
        return session.get_one(PriceSeal, product_id)


@pytest.fixture
def product_id(engine: Engine) -> UUID:
    """Return a product with hours that are sealed, all with their detail."""
    product_id = store(engine, POLLS)
    assert seal_history(engine) == 5
    return product_id


def tell_whole_hours(client: FlaskClient, product_id: UUID) -> Told:
    """Return what every line of a product does over periods of whole hours."""
    told = {}
    lines = [f"trend?aggregate={name}" for name in AGGREGATES]
    lines += [f"offers/{id_}/trend?" for id_ in (A, B, C)]
    periods = [(-120, 600), (60, 180), (180, 300)]
    choices = ["interval=PT1H", "interval=P1D&endpoints=strict"]
    for line, (start, end), choice in product(lines, periods, choices):
        path = f"{line}&from={written(start)}&to={written(end)}&{choice}"
        answered = fetch(client, f"{product_id}/{path}")
        told[path] = {name: value for name, value in answered.items() if name not in GONE}
    return dict(leaves(told))


def test_old_detail_goes_in_small_steps(engine: Engine) -> None:
    product_id = store(engine, {0: {A: (1, 1)}, 100 * 60: {A: (2, 1)}}, stale_after=FOR_EVER)
    seal_history(engine)
    for hours, more in [(48, True), (90, False), (90, False)]:
        seal_step(engine, keep_from(90 * 60))
        assert seal_of(engine, product_id).detail_from == after(60 * hours)
        assert (seal_of(engine, product_id).due_at <= utc_now()) is more
        with reading(engine) as session:
            assert session.scalar(select(func.min(PriceDetail.hour))) == after(60 * hours)


@pytest.mark.parametrize(
    ("minutes", "detail_from"),
    [
        pytest.param(0, 0, id="nothing-old"),
        pytest.param(60, 60, id="one-hour"),
        pytest.param(119, 60, id="whole-hours-only"),
        pytest.param(180, 300, id="a-hole-goes-with-the-hour-before-it"),
        pytest.param(10_000, 480, id="all-that-is-sealed"),
    ],
)
def test_detail_is_kept_from_a_whole_hour_on(
    engine: Engine, product_id: UUID, minutes: float, detail_from: float
) -> None:
    seal_history(engine, detail_for=keep_from(minutes))
    assert seal_of(engine, product_id).detail_from == after(detail_from)


def test_whole_hours_tell_the_same_before_and_after(
    engine: Engine, client: FlaskClient, product_id: UUID
) -> None:
    before = tell_whole_hours(client, product_id)
    seal_history(engine, detail_for=keep_from(480))
    now = tell_whole_hours(client, product_id)
    # Of a price in the middle of an hour it is no longer known which poll saw it.
    lost = {path for path, value in now.items() if path.endswith(UNKNOWN) and value is None}
    assert {path.rpartition("/")[2] for path in lost} == {"observed_at", "offer_id"}
    kept = {path: value for path, value in before.items() if path not in lost}
    assert {path: value for path, value in now.items() if path not in lost} == alike(kept)


def test_ends_on_the_hour_still_tell_who_it_was_and_who_saw_it(
    engine: Engine, client: FlaskClient, product_id: UUID
) -> None:
    path = f"{product_id}/trend?from={written(60)}&to={written(120)}&interval=PT1H"
    before = fetch(client, path)
    seal_history(engine, detail_for=keep_from(480))
    now = fetch(client, path)
    assert (now["start"], now["end"]) == (before["start"], before["end"])
    assert (now["start"]["observed_at"], now["start"]["offer_id"]) == (written(40), str(B))
    assert (now["explain"], now["like_for_like"]) == (None, None)
    assert (now["resolution"], before["resolution"]) == ("PT1H", "exact")


def test_instants_move_to_the_start_of_an_hour_without_detail(
    engine: Engine, client: FlaskClient, product_id: UUID
) -> None:
    seal_history(engine, detail_for=keep_from(180))
    for asked, answered, resolution in MOVES:
        start, end = map(written, asked)
        found = fetch(client, f"{product_id}/trend?from={start}&to={end}")
        period = (found["period"]["from"], found["period"]["to"])
        assert (period, found["resolution"]) == (tuple(map(written, answered)), resolution)
        assert fetch(client, found["links"]["self"]) == found


def test_series_over_hours_without_detail_has_no_shorter_buckets(
    engine: Engine, client: FlaskClient, product_id: UUID
) -> None:
    seal_history(engine, detail_for=keep_from(180))
    query = f"from={written(0)}&to={written(390)}&interval=PT1M&tz=Asia/Kolkata"
    found = fetch(client, f"{product_id}/trend?{query}")
    assert found["interval"] == "PT1H"
    # Local hours begin at half past; where the detail is gone, at the hour before.
    begins = [0, 60, 120, 180, 240, 330]
    assert [bucket["at"] for bucket in found["series"]] == [written(at) for at in begins]


def test_period_within_an_hour_without_detail_is_422(
    engine: Engine, client: FlaskClient, product_id: UUID
) -> None:
    seal_history(engine, detail_for=keep_from(180))
    path = f"{PRODUCTS}/{product_id}/trend?from={written(61)}&to={written(119)}"
    assert faults_of(client.get(path), "parameter") == {("from", "detail_gone")}


def test_offers_of_then_are_those_of_the_hour(
    engine: Engine, client: FlaskClient, product_id: UUID
) -> None:
    seal_history(engine, detail_for=keep_from(180))
    for asked, (at, checked_at, offers, resolution) in THEN.items():
        page = fetch(client, f"{product_id}/offers?at={written(asked)}")
        assert (page["at"], page["resolution"]) == (written(at), resolution)
        assert page["checked_at"] == (None if checked_at is None else written(checked_at))
        found = {UUID(offer["id"]): offer["changed_at"] for offer in page["items"]}
        assert found == {id_: written(changed_at) for id_, changed_at in offers.items()}


def test_history_begins_where_the_detail_does(
    engine: Engine, client: FlaskClient, product_id: UUID
) -> None:
    path = f"{product_id}/history?from={written(0)}&to={written(400)}"
    before = fetch(client, path)
    seal_history(engine, detail_for=keep_from(180))
    now = fetch(client, path)
    assert (before["resolution"], now["resolution"]) == ("exact", "PT1H")
    assert now["items"] == [e for e in before["items"] if e["at"] >= written(300)] != []
    later = fetch(client, f"{product_id}/history?from={written(301)}&to={written(400)}")
    assert later["resolution"] == "exact"
