"""The worked examples of the definition, asked over HTTP, before and after hours are sealed."""

from __future__ import annotations

import pytest

from tests.factories import make_product, seal_history
from tests.integration.api import fetch
from tests.trend.answer import answer
from tests.trend.api import TrendApi
from tests.trend.examples import EXAMPLES
from tests.trend.worked import WEEK, Example, part_of


@pytest.mark.parametrize("sealed", [False, True], ids=["recent", "sealed"])
@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_worked_example(trends: TrendApi, example: Example, sealed: bool) -> None:
    product_id = make_product(trends.engine)
    trends.observe(product_id, example.history)
    if sealed:
        assert seal_history(trends.engine) > 0

    found = trends.trend(product_id, example.stale_after, example.query, example.offer_id)

    assert part_of(found, example.expected) == example.expected
    again = fetch(trends.client(example.stale_after), found["links"]["self"])
    assert again == found
    del found["links"]
    assert found == answer(product_id, example.history, example.question)


def test_month_ends_where_the_shorter_month_does(trends: TrendApi) -> None:
    # Number 13.
    query = {"to": "2026-03-31T12:00Z", "period": "P1M"}
    found = trends.trend(make_product(trends.engine), WEEK, query, None)
    assert found["period"]["from"] == "2026-02-28T12:00:00.000Z"
    assert found["period"]["to"] == "2026-03-31T12:00:00.000Z"
