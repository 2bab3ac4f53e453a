"""How things stand while a drill runs."""

from __future__ import annotations

from sqlalchemy import Engine, exists, or_, select

from aggregator.clock import from_ms
from aggregator.db import reading
from aggregator.models import PriceSeal, ProductSync
from tests.e2e.processes import Process
from tests.waiting import wait_until


def all_polled_since(engine: Engine, instant: int) -> bool:
    """Tell whether every product was polled after an instant, in milliseconds since 1970."""
    checked_at = ProductSync.checked_at
    missing = exists().where(or_(checked_at.is_(None), checked_at <= from_ms(instant)))
    with reading(engine) as session:
        return not session.scalar(select(missing))


def all_sealed_until(engine: Engine, instant: int) -> bool:
    """Tell whether every product is sealed up to an instant, in milliseconds since 1970."""
    missing = exists().where(PriceSeal.sealed_until < from_ms(instant))
    with reading(engine) as session:
        return not session.scalar(select(missing))


def failures(engine: Engine) -> dict[str, int]:
    """Return how many attempts at each product have failed in a row."""
    with reading(engine) as session:
        rows = session.execute(select(ProductSync.product_id, ProductSync.failures))
        return {str(product_id): n_failures for product_id, n_failures in rows}


def find_crashes(*processes: Process) -> list[str]:
    """Return what processes said of faults of their own."""
    said = [line for process in processes for line in process.said().splitlines()]
    return [line for line in said if "Traceback" in line]


def find_warnings(*processes: Process) -> list[str]:
    """Return what processes said that is not for information only."""
    said = [line for process in processes for line in process.said().splitlines()]
    return [line for line in said if '"level": "info"' not in line]


def wait_for_polls(engine: Engine, since: int = 0, *, timeout_s: float = 15.0) -> None:
    """Wait until every product was polled after an instant, in milliseconds since 1970."""
    wait_until(lambda: all_polled_since(engine, since), timeout_s)
