"""As many requests read at a time as there are connections; the others wait for their turn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from aggregator.http import turns
from aggregator.services import movers
from tests.conftest import MakeApp
from tests.integration.api import PRODUCTS


def test_others_wait_while_as_many_read_as_there_are_connections(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(database_pool_size=2)
    go_on, list_movers = Event(), movers.list_movers
    begun: list[None] = []

    def dawdle(*args: Any, **kwargs: Any) -> Any:
        begun.append(None)
        assert go_on.wait(30)
        return list_movers(*args, **kwargs)

    monkeypatch.setattr(movers, "list_movers", dawdle)
    monkeypatch.setattr(turns, "_TIMEOUT_S", 0.05)
    with ThreadPoolExecutor() as pool:
        slow = [pool.submit(app.test_client().get, "/api/v1/movers") for _ in range(2)]
        while len(begun) < 2:
            go_on.wait(0.01)
        refused = app.test_client().get(PRODUCTS)
        assert app.test_client().get("/healthz").status_code == 200
        go_on.set()
        assert [each.result().status_code for each in slow] == [200, 200]
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert refused.get_json()["type"] == "/problems/database-unavailable"
    assert app.test_client().get(PRODUCTS).status_code == 200
