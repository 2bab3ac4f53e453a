"""One product over HTTP: create, read, change, delete."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from aggregator.clock import utc_now
from aggregator.db import Base, reading, unit_of_work
from aggregator.services.claims import claim_product
from aggregator.services.polls import Outcome
from tests.conftest import MakeApp
from tests.factories import (
    make_product,
    make_recorder,
    observe,
    seal_history,
    snapshot,
)
from tests.integration.api import PRODUCTS, create, fetch, json_of

OFFER = UUID(int=1)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def later() -> None:
    """Let a millisecond pass."""
    time.sleep(0.002)


def rows_of(engine: Engine, product_id: UUID) -> dict[str, int]:
    """Return how many rows each table holds of a product, none left out."""
    with reading(engine) as session:
        counts = {
            table.name: session.scalar(
                select(func.count()).where(
                    (table.c.product_id if "product_id" in table.c else table.c.id) == product_id
                )
            )
            for table in Base.metadata.sorted_tables
            if table.name == "products" or "product_id" in table.c
        }
    return {name: n for name, n in counts.items() if n}


def test_a_created_product_is_answered_whole(client: FlaskClient) -> None:
    response = client.post(PRODUCTS, json={"name": "Kettle", "description": "1.7 l"})

    assert response.status_code == 201
    assert response.mimetype == "application/json"
    created = response.get_json()
    product_id, created_at = created.pop("id"), created.pop("created_at")
    assert str(UUID(product_id)) == product_id
    assert INSTANT.fullmatch(created_at)
    assert created == {
        "name": "Kettle",
        "description": "1.7 l",
        "version": 1,
        "updated_at": created_at,
        "registered_at": None,
        "registration_error": None,
        "best_price": None,
        "offers_count": 0,
        "checked_at": None,
        "stale": True,
    }


def test_location_leads_to_the_product_and_the_description_may_be_left_out(
    client: FlaskClient,
) -> None:
    response = client.post(PRODUCTS, json={"name": "Kettle"})
    created = json_of(response)
    assert created["description"] == ""
    assert response.headers["Location"] == f"{PRODUCTS}/{created['id']}"
    assert fetch(client, response.headers["Location"]) == created


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("0f8fad5b-d9cb-469f-a165-70867728950e", id="random"),
        pytest.param("0F8FAD5B-D9CB-469F-A165-70867728950E", id="upper-case"),
        pytest.param("00000000-0000-0000-0000-0000000004d2", id="no-variant"),
        pytest.param("ffffffff-ffff-ffff-ffff-ffffffffffff", id="all-ones"),
    ],
)
def test_an_id_of_ones_own_is_kept_in_lower_case(client: FlaskClient, sent: str) -> None:
    assert create(client, id=sent)["id"] == sent.lower()
    assert fetch(client, sent)["id"] == sent.lower()


@pytest.mark.parametrize("spell", [str.lower, str.upper], ids=["same", "upper-case"])
def test_an_id_that_exists_is_409_and_changes_nothing(make_app: MakeApp, spell: Any) -> None:
    client = make_app(offers_base_url=None).test_client()
    first = create(client)
    assert create(client)["id"] != first["id"], "the name may be the same"
    response = client.post(PRODUCTS, json={"id": spell(first["id"]), "name": "Another"})
    assert response.status_code == 409
    assert response.get_json()["type"] == "/problems/product-exists"
    assert fetch(client, first["id"]) == first


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("👩‍👩‍👧 kettle 🫖", id="emoji"),
        pytest.param("""O'Brien's "best" `kettle` \\ %s {0} <b>&amp;""", id="quotes"),
        pytest.param("غلاية كهربائية", id="right-to-left"),
        pytest.param("\u202ekettle\u202c", id="bidi-override"),
        pytest.param("e\u0301 stays apart from \u00e9", id="combining"),
        pytest.param("a\u0301\u0323" * 85, id="255-with-combining"),
        pytest.param("😀" * 255, id="255-beyond-the-basic-plane"),
        pytest.param("two\nlines\tand \x01 control", id="control"),
        pytest.param("'); DROP TABLE products; --", id="sql"),
        pytest.param("NULL", id="null-in-words"),
        pytest.param("x", id="one-character"),
    ],
)
def test_a_name_is_stored_as_it_was_sent(client: FlaskClient, name: str) -> None:
    created = create(client, name=name, description=name)
    assert (created["name"], created["description"]) == (name, name)
    assert fetch(client, created["id"]) == created


@pytest.mark.parametrize("space", [" ", "\t\r\n", "\u00a0", "\u3000"], ids=ascii)
def test_a_name_is_trimmed_before_it_is_measured(client: FlaskClient, space: str) -> None:
    created = create(client, name=f"{space}{'x' * 255}{space}", description=f"{space}d{space}")
    assert created["name"] == "x" * 255
    assert created["description"] == f"{space}d{space}", "a description is left as it is"


def test_the_longest_description_is_stored_whole(client: FlaskClient) -> None:
    longest = "ž🫖" * 5_000
    assert fetch(client, create(client, description=longest)["id"])["description"] == longest


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_is_stored_and_counted(client: FlaskClient, method: str) -> None:
    before = create(client)
    later()
    changes = {"name": "  Pot\n", "description": "2 l"}
    response = client.open(f"{PRODUCTS}/{before['id']}", method=method, json=changes)
    after = json_of(response)
    assert response.status_code == 200
    assert after["updated_at"] > before["updated_at"]
    changed = {"name": "Pot", "description": "2 l", "version": 2}
    assert after == before | changed | {"updated_at": after["updated_at"]}
    assert fetch(client, before["id"]) == after


@pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/json"])
@pytest.mark.parametrize(
    ("changes", "content"),
    [
        pytest.param({"name": "Pot"}, {"name": "Pot", "description": "1.7 l"}, id="name"),
        pytest.param({"description": "2 l"}, {"name": "Kettle", "description": "2 l"}, id="text"),
        pytest.param({"description": None}, {"name": "Kettle", "description": ""}, id="null"),
    ],
)
def test_a_patch_leaves_alone_what_it_does_not_name(
    client: FlaskClient, media_type: str, changes: dict[str, Any], content: dict[str, str]
) -> None:
    before = create(client)
    later()
    path = f"{PRODUCTS}/{before['id']}"
    after = json_of(client.patch(path, data=json.dumps(changes), content_type=media_type))
    assert after == before | content | {"version": 2, "updated_at": after["updated_at"]}
    assert fetch(client, before["id"]) == after


@pytest.mark.parametrize(
    ("method", "content"),
    [
        pytest.param("PATCH", {}, id="empty-patch"),
        pytest.param("PATCH", {"name": "Kettle"}, id="same-name"),
        pytest.param("PATCH", {"name": " Kettle "}, id="same-name-after-trimming"),
        pytest.param("PUT", {"name": "Kettle", "description": "1.7 l"}, id="same-content"),
    ],
)
def test_version_and_time_stay_where_the_content_does(
    client: FlaskClient, method: str, content: dict[str, str]
) -> None:
    before = create(client)
    later()
    path = f"{PRODUCTS}/{before['id']}"
    assert json_of(client.open(path, method=method, json=content)) == before == fetch(client, path)


def test_versions_count_every_change_of_a_character(client: FlaskClient) -> None:
    path = f"{PRODUCTS}/{create(client)['id']}"
    names = ["caf\u00e9", "cafe\u0301", "cafe\u0301", "CAFE\u0301", "caf\u00e9"]
    versions = [json_of(client.patch(path, json={"name": name}))["version"] for name in names]
    assert versions == [2, 3, 3, 4, 5]


def test_a_poll_is_no_change_of_the_product(engine: Engine, client: FlaskClient) -> None:
    product_id = make_product(engine)
    before = fetch(client, product_id)
    observe(engine, product_id, {OFFER: (10, 1)})
    after = fetch(client, product_id)
    assert (after["version"], after["updated_at"]) == (1, before["updated_at"])
    assert (after["best_price"], after["offers_count"], after["stale"]) == (10, 1, False)


def test_delete_takes_everything_of_the_product_and_nothing_else(
    engine: Engine, client: FlaskClient
) -> None:
    product_id, other_id = make_product(engine), make_product(engine)
    for chosen in (product_id, other_id):
        observe(engine, chosen, {OFFER: (10, 1)}, at=utc_now() - timedelta(hours=3))
        observe(engine, chosen, {OFFER: (11, 1)})
    seal_history(engine)
    rows = rows_of(engine, product_id)
    assert rows.keys() >= {
        *("products", "product_sync", "offers", "polls", "price_points", "poll_gaps"),
        *("price_seals", "price_detail", "price_hours", "offer_hours", "first_prices"),
    }

    response = client.delete(f"{PRODUCTS}/{product_id}")

    assert (response.status_code, response.data) == (204, b"")
    assert rows_of(engine, product_id) == {}
    assert rows_of(engine, other_id) == rows
    for path in ("", "/offers", f"/offers/{OFFER}"):
        assert client.get(f"{PRODUCTS}/{product_id}{path}").status_code == 404


def test_a_poll_under_way_for_a_deleted_product_writes_nothing_back(
    engine: Engine, client: FlaskClient
) -> None:
    product_id = make_product(engine)
    with unit_of_work(engine) as session:
        claim = claim_product(session, product_id, now=utc_now())
    assert claim
    assert client.delete(f"{PRODUCTS}/{product_id}").status_code == 204
    seen = snapshot({OFFER: (10, 1)}, at=utc_now())
    outcome = Outcome(claim, registered_at=utc_now(), snapshot=seen)
    assert make_recorder(engine).record([outcome]).lost == {product_id}
    assert rows_of(engine, product_id) == {}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_unknown_product_is_404_and_is_not_created(client: FlaskClient, method: str) -> None:
    path = f"{PRODUCTS}/{uuid4()}"
    body = None if method in ("GET", "DELETE") else {"name": "Kettle", "description": ""}
    response = client.open(path, method=method, json=body)
    assert response.status_code == 404
    assert response.get_json()["type"] == "/problems/product-not-found"
    assert client.get(PRODUCTS).get_json()["items"] == []


def test_another_kind_of_patch_is_415_and_is_told_which_are_taken(client: FlaskClient) -> None:
    before = create(client)
    path = f"{PRODUCTS}/{before['id']}"
    for sent in ("application/json-patch+json", "application/xml", "text/plain"):
        response = client.patch(path, data='{"name": "Pot"}', content_type=sent)
        assert response.status_code == 415
        assert response.headers["Accept-Patch"] == "application/merge-patch+json, application/json"
    assert fetch(client, path) == before


def test_who_asks_is_told_which_patches_a_product_takes(client: FlaskClient) -> None:
    response = client.options(f"{PRODUCTS}/{uuid4()}")
    assert set(response.headers["Accept-Patch"].split(", ")) == {
        "application/merge-patch+json",
        "application/json",
    }
    assert "Accept-Patch" not in client.options(PRODUCTS).headers
