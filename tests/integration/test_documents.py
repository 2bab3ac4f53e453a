"""The JSON that databases write is the one that the API's schemas describe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, bindparam, select, update

from aggregator.db import UtcDateTime, reading, unit_of_work
from aggregator.models import Offer, Product, ProductSync
from aggregator.prepared import Prepared
from aggregator.schemas.offers import ListedOfferSchema
from aggregator.schemas.products import ProductSchema
from aggregator.services import offers, products
from aggregator.services.paging import PageRequest
from aggregator.sql_json import json_row
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS, fetch

PRODUCT, OFFER = UUID("0123abcd-4567-89ef-0123-456789abcdef"), UUID(int=7)
EARLY = datetime(1970, 1, 1, tzinfo=UTC)
LATE = datetime(9999, 12, 31, 23, 59, 59, 90_000, tzinfo=UTC)
#: A product's columns beside those of a new one.
STATES: list[dict[str, Any]] = [
    {"failures": 0},
    {"registered_at": LATE, "checked_at": LATE, "best_price": 0, "offers_count": 1},
    {"registration_error": '"name": {too} \\ long\n', "checked_at": EARLY},
    {"best_price": 2**63 - 1, "offers_count": 2**31 - 1},
]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    "text",
    [
        "\"quoted\" \\ back\\slash / 'single' \\u0041",
        "\x01\b\t\n\f\r\x1f\x7f\x85\u2028\u2029\ufeff\uffff.",
        "Žluťoučký kůň 漢字 \U0001f600 a\u0301",
        "<script>%s %% %(id)s :id {0} $1 ?</script>",
        "[]{}},",
    ],
)
def test_a_product_is_written_as_its_schema_says(
    engine: Engine, client: FlaskClient, text: str, state: Mapping[str, Any]
) -> None:
    make_product(engine, product_id=PRODUCT, name=text, description=text * 2, created_at=EARLY)
    with unit_of_work(engine) as session:
        session.execute(update(ProductSync).values(state))
        session.execute(update(Product).values(version=2**31 - 1, updated_at=LATE))
    with reading(engine) as session:
        row = products.get_product(session, PRODUCT, stale_before=LATE)
        expected = ProductSchema().dump(row)
    told = fetch(client, PRODUCT)
    assert told == expected | {"stale": told["stale"]}
    assert list(told) == list(expected)
    assert fetch(client, PRODUCTS)["items"] == [told]
    assert told["stale"] is (state.get("checked_at") != LATE)


def test_an_instant_is_cut_to_milliseconds(engine: Engine) -> None:
    at = bindparam("at", type_=UtcDateTime())
    write = Prepared(select(json_row(at=at)))
    for ms in (0, 1, 9, 90, 500, 789, 999):
        for rest in (0, 1, 499, 500, 501, 999):
            instant = datetime(2026, 11, 22, 5, 59, 59, ms * 1000 + rest, tzinfo=UTC)
            [(told,)] = write.fetch(engine, at=instant)
            assert told == f'{{"at":"2026-11-22T05:59:59.{ms:03}Z"}}'


@pytest.mark.parametrize(
    "figures", [(0, 0), (2**63 - 1, 2**63 - 1), (1, 10)], ids=["least", "most", "some"]
)
def test_an_offer_is_written_as_its_schema_says(
    engine: Engine, client: FlaskClient, figures: tuple[int, int]
) -> None:
    make_product(engine, product_id=PRODUCT)
    observe(engine, PRODUCT, {OFFER: figures})
    with unit_of_work(engine) as session:
        session.execute(update(Offer).values(first_seen_at=EARLY, changed_at=LATE))
    with reading(engine) as session:
        page = PageRequest(1)
        found = offers.list_offers(
            session, PRODUCT, page, sort="price", in_stock=None, stale_before=EARLY
        )
        expected = ListedOfferSchema(many=True).dump(found.page.rows)
        checked_at = session.scalar(select(ProductSync.checked_at))
    told = fetch(client, f"{PRODUCT}/offers")
    assert told["items"] == expected
    assert [list(item) for item in told["items"]] == [list(item) for item in expected]
    assert datetime.fromisoformat(told["checked_at"]) == checked_at
    assert told["stale"] is False


def test_a_list_is_compact_and_ends_its_line(engine: Engine, client: FlaskClient) -> None:
    empty = client.get(PRODUCTS)
    assert empty.text == '{"items":[],"links":{"self":"/api/v1/products","next":null}}\n'
    make_product(engine, product_id=PRODUCT)
    for path in (PRODUCTS, f"{PRODUCTS}/{PRODUCT}", f"{PRODUCTS}/{PRODUCT}/offers"):
        text = client.get(path).text
        assert text.endswith("}\n")
        assert '": ' not in text
        assert '" :' not in text
        assert ", " not in text
