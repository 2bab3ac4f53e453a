"""All pollers keep one pace, which a database of either kind keeps for them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import Engine, event, select, update
from structlog.testing import capture_logs

from aggregator.clock import utc_now
from aggregator.db import reading, unit_of_work
from aggregator.models import OffersServicePace, ProductSync
from aggregator.services import pace
from aggregator.services.pollers import poller_seen
from aggregator.services.rates import Limits, Slot
from tests.at_once import at_once
from tests.integration.conftest import Catalogue

URL, OTHER = "https://a.example/api/v1", "https://b.example/api/v1"
NOW = utc_now()
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
FREE, LIMITED = Limits(None, MINUTE), Limits(50, MINUTE)


def take_slots(engine: Engine, n_slots: int) -> list[Slot]:
    """Take slots of 50 requests each, as one poller that asks whenever there is time."""
    taken: list[Slot] = []
    now = NOW
    while len(taken) < n_slots:
        with unit_of_work(engine) as session:
            n_requests = pace.find_allowance(session, URL, LIMITED, 50, now=now)
            slot = None
            if n_requests == 50:
                slot = pace.reserve(session, URL, LIMITED, n_requests, now=now)
        if slot is None:
            now += SECOND
        else:
            taken.append(slot)
    return taken


def rate(engine: Engine, limits: Limits = FREE, base_url: str = URL) -> float | None:
    with reading(engine) as session:
        return pace.find_rate(session, base_url, limits, now=NOW)


def slow_down(engine: Engine, asked_per_s: float, wait: timedelta = SECOND) -> None:
    with unit_of_work(engine) as session:
        pace.slow_down(session, URL, FREE, now=NOW, asked_per_s=asked_per_s, wait=wait)


def test_slots_of_pollers_never_overlap(engine: Engine) -> None:
    taken = at_once([partial(take_slots, engine, 5)] * 4)
    starts = sorted(slot.starts_at for slots in taken for slot in slots)
    assert starts == [NOW + i * SECOND for i in range(20)]


def test_no_limit_is_not_written_down(engine: Engine) -> None:
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    with unit_of_work(engine) as session:
        assert pace.find_allowance(session, URL, FREE, 200, now=NOW) == 200
        assert len([text for text in statements if "SELECT" in text]) == 1
        assert pace.reserve(session, URL, FREE, 400, now=NOW) == Slot(NOW, 0.0)
        assert session.scalar(select(OffersServicePace)) is None


def test_the_pace_of_another_service_does_not_count(engine: Engine) -> None:
    slow_down(engine, 8)
    assert (rate(engine), rate(engine, base_url=OTHER)) == (4, None)


def test_many_refusals_of_many_pollers_halve_the_pace_once(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        for i in range(4):
            poller_seen(session, UUID(int=i), host="a", pid=i, started_at=NOW, now=NOW)
        gone = NOW - timedelta(hours=1)
        poller_seen(session, UUID(int=9), host="a", pid=9, started_at=gone, now=gone)
    with capture_logs() as logs:
        at_once([partial(slow_down, engine, 16, 30 * SECOND)] * 8)
    told = [line for line in logs if line["event"] == "offers_service_throttles"]
    assert [(line["per_s"], line["retry_after_s"]) for line in told] == [(32, 30)]
    assert rate(engine) == 16 * 4 / 2
    with reading(engine) as session:
        [row] = session.scalars(select(OffersServicePace))
        assert row.next_at == NOW + 30 * SECOND
        assert pace.find_allowance(session, URL, FREE, 9, now=NOW + 28.9 * SECOND) == 0
        assert pace.find_allowance(session, URL, FREE, 9, now=NOW + 30 * SECOND) == 9


def test_a_backlog_is_spread_and_a_small_one_is_not(engine: Engine, catalogue: Catalogue) -> None:
    catalogue.add(101)
    for n_registered, expected in ((99, None), (101, 101 / 8)):
        with unit_of_work(engine) as session:
            chosen = select(ProductSync.product_id).limit(n_registered)
            session.execute(
                update(ProductSync)
                .where(ProductSync.product_id.in_(chosen))
                .values(registered_at=NOW)
                .execution_options(synchronize_session=False)
            )
            pace.catch_up(session, URL, Limits(None, 10 * SECOND), now=NOW)
        assert rate(engine) == expected
