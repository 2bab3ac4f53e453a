"""An offers service that does its worst to some products, beside healthy ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from aggregator.clock import to_ms, utc_now
from tests.e2e.answers import list_answers
from tests.e2e.conftest import Start, Web
from tests.e2e.drills.size import by_size, quick_on
from tests.e2e.drills.state import failures, find_crashes, wait_for_polls
from tests.e2e.history_check import check_history
from tests.e2e.processes import POLLER
from tests.e2e.reader import Reader
from tests.e2e.stored_history import STALE_AFTER_MS
from tests.sandbox_control import SandboxControl
from tests.unit.raw_server import RawServer
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

N_HEALTHY = by_size(12, 100)
#: Of each victim in a row; the waits between them double from one second.
N_FAILURES = by_size(2, 6)
#: For that many failures, and for the next attempt after them.
PATIENCE_S = 15 + 2**N_FAILURES
TOO_MANY = 20_000
#: No answer, however long, takes a poller beyond.
MOST_MEMORY_MIB = 200

MISCHIEF: Mapping[str, Mapping[str, object]] = {
    "no answer": {"latency_ms": 600_000},
    "slow drip": {"drip": 1},
    "endless": {"endless": True},
    "page": {"garbage": "html"},
    "object": {"garbage": "object"},
    "half a list": {"garbage": "truncated"},
    "half a gzip": {"garbage": "truncated-gzip"},
    "nothing": {"garbage": "empty"},
    "error": {"status": 500},
    "hung up": {"drop": True},
}


@pytest.fixture
def elsewhere() -> Iterator[RawServer]:
    """Return a server that would answer whoever is sent there."""
    body = b'[{"id": 1, "price": 1, "items_in_stock": 1}]'
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    with RawServer(lambda: [head, body]) as server:
        yield server


@quick_on("sqlite")
def test_mischief_costs_its_victims_time_and_nobody_anything_else(
    start: Start,
    settings: dict[str, str],
    upstream: SandboxControl,
    web: Web,
    engine: Engine,
    elsewhere: RawServer,
) -> None:
    healthy = [web.create(f"Healthy {i}") for i in range(N_HEALTHY)]
    victims = {kind: web.create(kind) for kind in (*MISCHIEF, "redirect", "too many")}
    poller = start(*POLLER, **settings, OFFERS_TIMEOUT_S="1")
    wait_for_polls(engine)

    faults = {**MISCHIEF, "redirect": {"redirect": elsewhere.base_url}}
    upstream.faults(*({**of_it, "product_ids": [victims[kind]]} for kind, of_it in faults.items()))
    began_at = to_ms(utc_now())
    upstream.serve(victims["too many"], [offer(UUID(int=n)) for n in range(TOO_MANY)])
    upstream.tick()
    wait_until(
        lambda: min(failures(engine)[victim] for victim in victims.values()) >= N_FAILURES,
        timeout_s=PATIENCE_S,
    )
    upstream.tick()
    ended_at = to_ms(utc_now())
    upstream.unserve(victims["too many"])
    upstream.faults()
    wait_until(lambda: not any(failures(engine).values()), timeout_s=PATIENCE_S)
    assert poller.peak_memory_mib < MOST_MEMORY_MIB
    assert poller.stop() == 0

    assert elsewhere.heads == []
    assert not find_crashes(poller, web.process)
    log = upstream.log()
    for product_id in healthy:
        asked_at = [entry["at"] * 1000 for entry in log if entry["product_id"] == product_id]
        assert max(after - before for before, after in pairwise(asked_at)) < STALE_AFTER_MS
    for product_id in healthy + list(victims.values()):
        dripped = product_id == victims["slow drip"]
        answers = list_answers(
            entry
            for entry in log
            if entry["product_id"] == product_id
            and entry["offers"] is not None
            and len(entry["offers"]) < TOO_MANY
            # What came in drips was never received.
            and not (dripped and began_at < entry["at"] * 1000 < ended_at)
        )
        reader = Reader(web, engine, [UUID(product_id)])
        check_history(
            reader, engine, answers, interruptions=[began_at, ended_at] if dripped else []
        )


def offer(id_: UUID) -> dict[str, Any]:
    """Return an offer as the service states it."""
    return {"id": str(id_), "price": 1, "items_in_stock": 1}
