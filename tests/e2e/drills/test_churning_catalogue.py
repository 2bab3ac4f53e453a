"""Products come and go, 20 a second, while the catalogue is polled."""

from __future__ import annotations

import random
import time
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from aggregator.db import Base, reading
from aggregator.models import Product
from tests.e2e.answers import list_answers
from tests.e2e.beside import beside
from tests.e2e.conftest import Start, Web
from tests.e2e.drills.clients import Clients
from tests.e2e.drills.size import by_size, quick_on
from tests.e2e.drills.state import find_warnings, wait_for_polls
from tests.e2e.history_check import check_history
from tests.e2e.processes import POLLER
from tests.e2e.reader import Reader
from tests.sandbox_control import SandboxControl
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

CHURN_S = by_size(4, 60)
N_PRODUCTS = 20
#: Created as often as they are deleted, with a pause between two.
PAUSE_S = 0.05


class Churn:
    """Creates products, and deletes them again after a while; keeps about 30 of them."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._chance = random.Random(4)
        self.present: list[str] = []
        self.deleted = 0

    def create(self) -> None:
        """Create one."""
        self.present.append(self._web.create("Short-lived"))

    def delete(self) -> None:
        """Delete any of them."""
        if len(self.present) < 30:
            return
        product_id = self.present.pop(self._chance.randrange(len(self.present)))
        assert self._web.call("DELETE", f"/products/{product_id}").status_code == 204
        self.deleted += 1


@quick_on("postgresql")
def test_products_that_come_and_go_leave_nothing_behind(
    start: Start, settings: dict[str, str], upstream: SandboxControl, web: Web, engine: Engine
) -> None:
    reader = Reader(web, engine, [UUID(web.create(f"Product {i}")) for i in range(N_PRODUCTS)])
    clients, churn = Clients(web, reader), Churn(web)
    upstream.faults(latency_ms=50, paths=["offers"])
    pollers = [start(*POLLER, **settings) for _ in range(2)]
    with (
        clients.at_work(),
        beside(churn.create, churn.delete, pause_s=PAUSE_S),
        beside(upstream.tick, pause_s=0.5),
    ):
        time.sleep(CHURN_S)
        wait_until(lambda: churn.deleted)
    wait_for_polls(engine)
    assert [poller.stop() for poller in pollers] == [0, 0]

    assert find_leftovers(engine) == []
    reader.told |= {UUID(product_id): [] for product_id in churn.present}
    clients.check()
    assert clients.refusals == 0
    assert find_warnings(*pollers, web.process) == []
    check_history(reader, engine, list_answers(upstream.log()))


def find_leftovers(engine: Engine) -> list[str]:
    """Return the tables with rows of products that are no longer there."""
    tables = [table for table in Base.metadata.sorted_tables if "product_id" in table.c]
    with reading(engine) as session:
        return [
            table.name
            for table in tables
            if session.scalar(
                select(table.c.product_id).where(table.c.product_id.not_in(select(Product.id)))
            )
        ]
