"""The offers service is reset while everybody works: it knows no product and no token any more."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import Engine

from aggregator.clock import to_ms, utc_now
from tests.e2e.answers import list_answers
from tests.e2e.conftest import Start, Web
from tests.e2e.drills.clients import Clients
from tests.e2e.drills.size import by_size, quick_on
from tests.e2e.drills.state import find_crashes, wait_for_polls
from tests.e2e.history_check import check_history
from tests.e2e.processes import POLLER
from tests.e2e.reader import Reader
from tests.sandbox_control import SandboxControl

pytestmark = pytest.mark.waits

RESETS = by_size(1, 5)
N_PRODUCTS = by_size(40, 150)


@quick_on("sqlite")
def test_after_a_reset_every_product_is_registered_again_exactly_once(
    start: Start, settings: dict[str, str], upstream: SandboxControl, web: Web, engine: Engine
) -> None:
    reader = Reader(web, engine, [UUID(web.create(f"Product {i}")) for i in range(N_PRODUCTS)])
    clients = Clients(web, reader, edits=False)
    pollers = [start(*POLLER, **settings) for _ in range(2)]
    with clients.at_work():
        for _ in range(RESETS):
            wait_for_polls(engine, timeout_s=60)
            upstream.tick()
            known, before = upstream.registered(), len(upstream.log("register"))
            upstream.forget(tokens=True)
            reset_at = to_ms(utc_now())
            wait_for_polls(engine, reset_at, timeout_s=60)
            registrations = Counter(
                entry["product_id"]
                for entry in upstream.log("register")[before:]
                if entry["status"] == 201
            )
            # One that a client created a moment before the reset may be there twice.
            assert {registrations[product_id] for product_id in known} == {1}
    wait_for_polls(engine, timeout_s=60)
    assert [poller.stop() for poller in pollers] == [0, 0]

    clients.check()
    assert clients.refusals == 0
    assert upstream.registered() == {str(product_id) for product_id in reader.told}
    # A token that is forgotten before its first use makes pollers pause, and say so.
    assert find_crashes(*pollers, web.process) == []
    check_history(reader, engine, list_answers(upstream.log()))
