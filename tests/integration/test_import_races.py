"""Imports of the same products at the same time, while somebody deletes them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from aggregator.bulk.rows import ProductRow
from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services import imports, products

FIRST, LAST = UUID(int=1), UUID(int=2)


def import_both(engine: Engine) -> int:
    """Import two products; return how many of them were there already."""
    ids = (FIRST, LAST)
    rows = [ProductRow(i, id_, "Pan", "", has_derived_id=False) for i, id_ in enumerate(ids, 1)]
    with unit_of_work(engine) as session:
        report = imports.import_products(
            session, rows, skip_failed=False, dry_run=False, now=utc_now()
        )
    return report.existing


def delete_first(engine: Engine) -> None:
    with unit_of_work(engine) as session:
        products.delete_product(session, FIRST)


def begin(pool: ThreadPoolExecutor, action: Callable[..., Any], engine: Engine) -> Future[Any]:
    """Begin something that PostgreSQL may do at once, and SQLite when it is its turn."""
    begun = pool.submit(action, engine)
    wait([begun], timeout=0.2)
    return begun


def test_imports_do_not_wait_in_a_circle_when_a_product_is_deleted_between_them(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work(engine) as session:
        now = utc_now()
        products.create_product(session, product_id=FIRST, name="Pan", description="", now=now)
    find, others = imports._find, list[Future[Any]]()

    def find_late(*args: Any) -> dict[UUID, tuple[str, str]]:
        """Let others delete what is in the way first, and import it again behind it."""
        if others:
            return find(*args)
        others.append(begin(pool, delete_first, engine))
        found = find(*args)
        others.append(begin(pool, import_both, engine))
        return found

    monkeypatch.setattr(imports, "_find", find_late)
    with ThreadPoolExecutor(2) as pool:
        import_both(engine)
        for other in others:
            other.result(20)
