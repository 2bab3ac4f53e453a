"""Access tokens that expire every two seconds, and everybody calling all the while."""

from __future__ import annotations

import sys
import time
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from tests.e2e.answers import list_answers
from tests.e2e.beside import beside
from tests.e2e.conftest import Start, Web
from tests.e2e.drills.size import by_size, quick_on
from tests.e2e.drills.state import failures, wait_for_polls
from tests.e2e.history_check import check_history
from tests.e2e.processes import POLLER
from tests.e2e.reader import Reader
from tests.sandbox_control import SandboxControl

pytestmark = pytest.mark.waits

TOKEN_LIFE_S = 2
DURATION_S = by_size(6, 60)
N_PRODUCTS = by_size(30, 200)
SIGNUP = [sys.executable, "-m", "flask", "--app", "wsgi", "offers-service", "signup"]


@pytest.fixture
def upstream(start_sandbox: Any) -> SandboxControl:
    """Return a sandbox whose access tokens hardly live."""
    control: SandboxControl = start_sandbox("--token-ttl-s", str(TOKEN_LIFE_S))
    return control


@quick_on("postgresql")
def test_tokens_that_hardly_live_are_renewed_once_each_and_no_call_fails(
    start: Start, settings: dict[str, str], upstream: SandboxControl, web: Web, engine: Engine
) -> None:
    started = time.monotonic()
    product_ids = [web.create(f"Product {i}") for i in range(N_PRODUCTS)]
    pollers = [start(*POLLER, **settings) for _ in range(2)]
    numbers = count()

    def create() -> None:
        product_ids.append(web.create(f"Late product {next(numbers)}"))

    def sign_up() -> None:
        command = start(*SIGNUP, **settings)
        assert command.wait() == 0, command.said()

    with beside(create, sign_up, upstream.tick, pause_s=0.3):
        time.sleep(DURATION_S)
    wait_for_polls(engine)
    assert [poller.stop() for poller in pollers] == [0, 0]
    elapsed_s = time.monotonic() - started

    state = upstream.state()
    n_refused = state["requests"]["auth"] - state["tokens_issued"]
    # One whose life began in the middle of a second lived a little less.
    assert DURATION_S / TOKEN_LIFE_S / 2 <= state["tokens_issued"] <= elapsed_s / TOKEN_LIFE_S + 1.5
    assert n_refused <= state["tokens_issued"] / 4
    assert upstream.registered() == set(product_ids)
    assert not any(failures(engine).values())
    for process in (*pollers, web.process):
        assert "access_token_unavailable" not in process.said()
    reader = Reader(web, engine, [UUID(i) for i in product_ids])
    check_history(reader, engine, list_answers(upstream.log()))
