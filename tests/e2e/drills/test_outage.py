"""The offers service answers nothing but errors for a minute, then it is back."""

from __future__ import annotations

import time
from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import Engine

from aggregator.clock import to_ms, utc_now
from tests.e2e.answers import list_answers
from tests.e2e.conftest import Start, Web
from tests.e2e.drills.size import by_size, quick_on
from tests.e2e.drills.state import wait_for_polls
from tests.e2e.history_check import check_history
from tests.e2e.processes import POLLER
from tests.e2e.reader import Reader
from tests.integration.stored import ended_offers, gaps
from tests.sandbox_control import SandboxControl

pytestmark = pytest.mark.waits

INTERVAL_S = 3
#: Fewer would be no herd.
N_PRODUCTS = by_size(120, 360)
OUTAGE_S = by_size(6, 60)
#: As in all drills, and so less than the outage.
STALE_AFTER_S = 5
#: How much more than its steady rate the service may see in any second when it is back.
MOST_TIMES = 2.5


@quick_on("postgresql")
def test_an_outage_ends_no_offer_and_is_not_followed_by_a_rush(
    start: Start, settings: dict[str, str], upstream: SandboxControl, web: Web, engine: Engine
) -> None:
    product_ids = [UUID(int=n) for n in range(1, N_PRODUCTS + 1)]
    products = [{"id": str(product_id), "name": "Herd"} for product_id in product_ids]
    assert web.call("POST", "/products/import", json=products).ok
    settings |= {"POLL_INTERVAL_S": str(INTERVAL_S), "STALE_AFTER_S": str(STALE_AFTER_S)}
    poller = start(*POLLER, **settings)
    wait_for_polls(engine)

    upstream.faults(status=503)
    time.sleep(OUTAGE_S)
    assert '"offers_service_down"' in poller.said()
    assert not any(ended_offers(engine, product_id) for product_id in product_ids)
    n_before, back_at = len(upstream.log()), to_ms(utc_now())
    upstream.faults()
    wait_for_polls(engine, back_at, timeout_s=15 + 2 * INTERVAL_S)
    recovered_s = (to_ms(utc_now()) - back_at) / 1000
    time.sleep(INTERVAL_S)
    poller.stop()

    log = upstream.log()
    seconds = Counter(int(entry["at"] - back_at / 1000) for entry in log[n_before:])
    assert max(seconds.values()) <= MOST_TIMES * N_PRODUCTS / INTERVAL_S, seconds
    # A probe, an interval, and what a busy machine takes.
    assert recovered_s < INTERVAL_S * 1.1 + 5
    assert all(gaps(engine, product_id) for product_id in product_ids)
    check_history(Reader(web, engine, product_ids), engine, list_answers(log))
