"""A trend takes few statements, and each finds the product's rows by an index."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.factories import seal_history
from tests.integration.api import fetch
from tests.integration.past import A, B, Polls, store, written
from tests.integration.plans import explain, recorded

#: Of so few rows as a test has, PostgreSQL would read all: it shall read as of many.
_AS_OF_MANY = ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "material")
#: How the databases call it that a table is read from end to end.
_READS_ALL = re.compile(r"Seq Scan|Filter: .*product_id|SCAN (?:offer|poll|price|product)")


@pytest.mark.parametrize(("trend", "n_statements"), [("trend", 5), (f"offers/{A}/trend", 6)])
@pytest.mark.parametrize(("interval", "n_more"), [("PT1H", 0), ("P1D", 1)])
def test_each_statement_of_a_trend_uses_an_index(
    engine: Engine, client: FlaskClient, trend: str, n_statements: int, interval: str, n_more: int
) -> None:
    polls: Polls = {at: {A: (100 + at, 1), B: (450 - at, 2)} for at in range(10, 340, 60)}
    product_id = store(engine, polls)
    store(engine, polls)
    seal_history(engine)
    query = f"from={written(25)}&to={written(330)}&interval={interval}"
    with recorded(engine, "SELECT") as sent:
        fetch(client, f"{product_id}/{trend}?{query}")
    plans = [explain(engine, *statement, *_AS_OF_MANY) for statement in sent]
    for plan in plans:
        assert not _READS_ALL.search(plan), plan
    assert len(sent) <= n_statements + n_more
