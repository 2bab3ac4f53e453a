"""The machine's clock jumps an hour forward, and later back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from aggregator.clock import to_ms, utc_now
from aggregator.db import reading
from aggregator.history.plan import floor_hour
from tests.e2e.answers import list_answers
from tests.e2e.conftest import Start, Web, start_web
from tests.e2e.drills.size import by_size, quick_on
from tests.e2e.drills.state import all_sealed_until, find_crashes
from tests.e2e.history_check import list_polls
from tests.e2e.jumping_clock import JumpingClock
from tests.e2e.reader import Reader
from tests.e2e.replay import Replay, read_events
from tests.e2e.stored_history import StoredHistory
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

N_PRODUCTS = by_size(20, 200)
#: Of the market, by each setting of the clock.
N_TICKS = by_size(2, 10)
HOUR = timedelta(hours=1)
#: After its end, an hour waits so long for its turn to be sealed, at most.
SEALED_WITHIN = timedelta(minutes=30)
#: Forward, back, and forward so far that the turn of every seal has come, also of one that was
#: looked for before the first poll behind the jump.
JUMPS = (HOUR, timedelta(0), 2 * HOUR)
#: How long products may wait whose turn was set by a clock that was ahead.
PATIENCE_S = 60


@pytest.fixture
def its_clock(tmp_path: Path) -> JumpingClock:
    """Return the clock of web server and poller, which is right as yet."""
    its_clock = JumpingClock(tmp_path / "clock")
    its_clock.set_ahead(timedelta(0))
    return its_clock


@pytest.fixture
def web(start: Start, settings: dict[str, str], its_clock: JumpingClock) -> Iterator[Web]:
    """Return a web server that goes by that clock."""
    running = start_web(start, settings, its_clock.command("gunicorn", "wsgi:app"))
    yield running
    running.close()


@quick_on("sqlite")
def test_a_clock_that_jumps_stops_nothing_and_turns_no_history_round(
    start: Start,
    settings: dict[str, str],
    upstream: SandboxControl,
    web: Web,
    engine: Engine,
    its_clock: JumpingClock,
) -> None:
    product_ids = [web.create(f"Product {i}") for i in range(N_PRODUCTS)]
    poller = start(*its_clock.command("poller"), **settings)
    paths = [f"/products/{product_ids[0]}{of_it}" for of_it in ("", "/offers", "/trend?period=3h")]

    def watch_market() -> None:
        for _ in range(N_TICKS):
            n_before = len(upstream.log())
            upstream.tick()
            wait_until(
                lambda n=n_before: len({e["product_id"] for e in upstream.log()[n:]}) == N_PRODUCTS,  # type: ignore[misc]
                timeout_s=PATIENCE_S,
            )
        assert [web.call("GET", path).status_code for path in paths] == [200, 200, 200]

    watch_market()
    sealed_until = floor_hour(to_ms(utc_now() + HOUR - SEALED_WITHIN))
    for ahead in JUMPS:
        its_clock.set_ahead(ahead)
        watch_market()
    wait_until(lambda: all_sealed_until(engine, sealed_until), timeout_s=PATIENCE_S)
    assert poller.stop() == 0

    assert '"clock_jumped"' in poller.said()
    assert not find_crashes(poller, web.process)
    reader = Reader(web, engine, [UUID(product_id) for product_id in product_ids])
    answers = list_answers(upstream.log())
    for product_id in reader.told:
        events = read_events(reader.read(product_id))
        with reading(engine) as session:
            stored = StoredHistory(session, product_id)
            replay = Replay(events, stored.polls)
            stored.check(replay)
        # No clock tells which poll was which answer: that they came one for one does.
        seen = [poll.figures for poll in list_polls(replay)]
        assert seen == [answer.figures for answer in answers[product_id]]
