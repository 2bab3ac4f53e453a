"""What is due is found in its index and claimed by its key; where nothing is, no more is asked."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.db import unit_of_work
from aggregator.services.claims import claim_due
from tests.integration.conftest import Catalogue
from tests.integration.plans import explain, recorded


def test_a_claim_reads_indexes_only(engine: Engine, catalogue: Catalogue) -> None:
    catalogue.add(3)
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    with recorded(engine, "product_sync") as sent, unit_of_work(engine) as session:
        assert len(claim_due(session, now=utc_now(), limit=2)) == 2
    find, claim = [explain(engine, *each, "seqscan", "bitmapscan", "sort") for each in sent]
    assert "ix_product_sync_due_at" in find
    assert "pk_product_sync" in claim or "sqlite_autoindex_product_sync_1" in claim, claim
    for plan in (find, claim):
        assert "Seq Scan on product_sync" not in plan
        assert "Sort" not in plan
        assert "SCAN product_sync" not in plan
        assert "TEMP B-TREE" not in plan


def test_nothing_due_costs_one_query(engine: Engine, catalogue: Catalogue) -> None:
    catalogue.add(3)
    with recorded(engine, "product_sync") as sent, unit_of_work(engine) as session:
        assert claim_due(session, now=utc_now() - timedelta(hours=1), limit=2) == []
    assert [statement.split()[0] for statement, _ in sent] == ["SELECT"]


def test_a_claim_tells_since_when_the_product_was_due(engine: Engine, catalogue: Catalogue) -> None:
    product_ids = catalogue.add(3)
    due = [catalogue.sync(product_id).due_at for product_id in product_ids]
    with unit_of_work(engine) as session:
        claims = claim_due(session, now=utc_now(), limit=3)
    assert [(claim.product_id, claim.due_at) for claim in claims] == list(
        zip(product_ids, due, strict=True)
    )
