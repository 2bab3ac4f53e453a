"""Web server and pollers behind PgBouncer: no transaction relies on another's connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine

from aggregator import create_app
from aggregator.db import db
from aggregator.settings import Settings
from tests.at_once import at_once
from tests.databases import migrated, new_postgres_database
from tests.e2e.conftest import Start, start_web
from tests.e2e.processes import POLLER, environ
from tests.integration.stored import Figures, rebuilt
from tests.pgbouncer import PgBouncer, require_pgbouncer, running_pgbouncer
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

_N_PRODUCTS = 24
#: Connections to the database for all clients together: one less than there are processes.
_POOL_SIZE = 3
_N_CLIENTS = 4


@pytest.fixture
def direct_url(postgres_url: str) -> Iterator[str]:
    """Return the URL of a migrated database, past PgBouncer."""
    with new_postgres_database(postgres_url) as url:
        yield migrated(url)


@pytest.fixture
def bouncer(direct_url: str, tmp_path: Path) -> Iterator[PgBouncer]:
    """Return a PgBouncer in front of that database, with few connections to it."""
    binary = require_pgbouncer()
    with running_pgbouncer(binary, tmp_path, direct_url, pool_size=_POOL_SIZE) as running:
        yield running


def test_two_pollers_and_a_web_server_share_fewer_connections_than_they_open(
    start: Start, bouncer: PgBouncer, direct_url: str, upstream: SandboxControl
) -> None:
    settings = environ(bouncer.url, upstream.base_url, OFFERS_TIMEOUT_S="15")
    web = start_web(start, settings)
    for _ in range(2):
        start(*POLLER, **settings)
    with ThreadPoolExecutor(8) as clients:
        product_ids = list(clients.map(web.create, map("Product {}".format, range(_N_PRODUCTS))))
    for tick in (1, 2, 3):
        upstream.tick()
        wait_until(partial(_all_served, upstream, tick), timeout_s=60)
    assert len(bouncer.show("CLIENTS")) > _POOL_SIZE
    assert 0 < len(bouncer.show("SERVERS")) <= _POOL_SIZE

    engine = create_engine(direct_url)
    served = _served(upstream)
    wait_until(lambda: all(web.offers(id_) == states[-1] for id_, states in served.items()))
    assert {id_: rebuilt(engine, UUID(id_)) for id_ in product_ids} == served
    engine.dispose()
    web.close()


def test_restarted_pgbouncer_costs_no_request(direct_url: str, tmp_path: Path) -> None:
    start = partial(
        running_pgbouncer, require_pgbouncer(), tmp_path, direct_url, pool_size=_POOL_SIZE
    )
    with start() as bouncer:
        app = create_app(Settings(database_url=bouncer.url, log_level="warning"))
        calls = [partial(app.test_client().get, "/api/v1/products")] * _N_CLIENTS
        assert [call.status_code for call in at_once(calls)] == [200] * _N_CLIENTS
        assert all(row["tls"] for row in bouncer.show("CLIENTS"))
    with start(port=bouncer.port):
        assert [call.status_code for call in at_once(calls)] == [200] * _N_CLIENTS
    with app.app_context():
        db.engine.dispose()


def _all_served(upstream: SandboxControl, tick: int) -> bool:
    """Tell whether each product was served what is on offer at a tick."""
    served = {entry["product_id"] for entry in upstream.log() if entry["tick"] == tick}
    return len(served) == _N_PRODUCTS


def _served(upstream: SandboxControl) -> dict[str, list[Figures]]:
    """Return the states in which each product's offers were served, each once, in order."""
    served: dict[str, list[Figures]] = defaultdict(list)
    for entry in upstream.log():
        offers = {o["id"]: (o["price"], o["items_in_stock"]) for o in entry["offers"]}
        if served[entry["product_id"]][-1:] != [offers]:
            served[entry["product_id"]].append(offers)
    return served
