"""Forms for products: what is typed is checked, kept, and stored once."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import Engine

from tests.conftest import MakeApp
from tests.factories import make_product
from tests.integration.api import PRODUCTS, create, fetch
from tests.integration.pages import HTML, fill_in, hidden_fields, look, send, text_of, where_to
from tests.sandbox_control import SandboxControl

NEW = "/products/new"
HOSTILE = "<script>alert(1)</script>\"' & 😀 \u202e"


def edit_path(product_id: object) -> str:
    """Return where a product is edited."""
    return f"/products/{product_id}/edit"


def delete_path(product_id: object) -> str:
    """Return where a product is deleted."""
    return f"/products/{product_id}/delete"


@pytest.fixture
def product_id(engine: Engine) -> str:
    """Return the id of the one product there is."""
    return str(make_product(engine))


def n_products(client: FlaskClient) -> int:
    """Return how many products there are."""
    total: int = client.get(f"{PRODUCTS}?include=total").get_json()["total"]
    return total


def test_a_product_is_added_and_registered_and_shown(
    make_app: MakeApp, sandbox: SandboxControl
) -> None:
    client = make_app(offers_base_url=sandbox.base_url).test_client()
    response = fill_in(client, NEW, name="  Kettle ", description="\r\nfirst\r\nsecond")
    path, _, done = where_to(response).partition("#")
    product = fetch(client, path.rpartition("/")[2])
    assert (product["name"], product["description"]) == ("Kettle", "\nfirst\nsecond")
    assert product["registered_at"]
    assert f'id="{done}"' in look(client, path)


def test_a_form_that_is_sent_twice_makes_one_product(client: FlaskClient) -> None:
    form = hidden_fields(look(client, NEW)) | {"name": "Kettle", "description": "a\r\nb"}
    first, second = (where_to(send(client, NEW, form)) for _ in range(2))
    assert first == second
    assert n_products(client) == 1
    changed = text_of(send(client, NEW, form | {"name": "Pot"}), 409)
    assert "Send it again to add what stands here as another product." in changed
    assert where_to(send(client, NEW, hidden_fields(changed) | {"name": "Pot"})) != first
    assert n_products(client) == 2


@pytest.mark.parametrize(
    ("name", "description", "told"),
    [
        ("", "x" * 10_001, ["This may not be empty.", "This may have at most 10000 characters."]),
        (" ", "😀", ["This may not be empty."]),
        ("x" * 256, "", ["This may have at most 255 characters."]),
        ("a\0b", "c\0", ["This may not hold a NUL character."] * 2),
    ],
)
def test_all_faults_are_told_beside_their_fields_and_nothing_is_lost(
    client: FlaskClient, engine: Engine, name: str, description: str, told: list[str]
) -> None:
    product_id = make_product(engine)
    for path in (NEW, edit_path(product_id)):
        page = text_of(fill_in(client, path, name=name, description=description), 422)
        assert sum(page.count(f">{words}</p>") for words in set(told)) == len(told)
        assert page.count('aria-invalid="true"') == len(told)
        assert page.count("autofocus") == 1
        assert f'value="{name}"' in page
        assert f">\n{description}</textarea>" in page
    assert n_products(client) == 1
    assert fetch(client, product_id)["version"] == 1


def test_hostile_text_is_text(client: FlaskClient) -> None:
    product = create(client, name=HOSTILE, description=HOSTILE)
    for path in (edit_path(product["id"]), delete_path(product["id"])):
        page = client.get(path, headers=HTML).text
        assert str(escape(HOSTILE)) in page
        assert "<script>" not in page
    refused = fill_in(client, NEW, name=HOSTILE * 10, description=HOSTILE)
    assert str(escape(HOSTILE * 10)) in refused.text
    where_to(fill_in(client, edit_path(product["id"]), name=HOSTILE + "!", description=HOSTILE))
    assert fetch(client, product["id"])["name"] == HOSTILE + "!"


def test_line_ends_of_a_name_outlive_an_edit(client: FlaskClient) -> None:
    product = create(client, name="first\nsecond")
    path = edit_path(product["id"])
    assert ">\nfirst\nsecond</textarea>" in look(client, path)
    where_to(fill_in(client, path, name="first\r\nsecond", description="new"))
    assert fetch(client, product["id"])["name"] == "first\nsecond"


def test_an_edit_is_stored_once(client: FlaskClient, engine: Engine) -> None:
    product_id = make_product(engine, description="old")
    form = hidden_fields(look(client, edit_path(product_id)))
    form |= {"name": "Pot", "description": ""}
    for _ in range(2):
        told = where_to(send(client, edit_path(product_id), form))
        assert told == f"/products/{product_id}#saved"
    product = fetch(client, product_id)
    assert (product["name"], product["description"], product["version"]) == ("Pot", "", 2)


@pytest.mark.parametrize("version", [None, "", "x", "0", "²", "9" * 30])
def test_an_edit_of_what_somebody_else_changed_is_for_people_to_decide(
    client: FlaskClient, engine: Engine, version: str | None
) -> None:
    product_id = make_product(engine)
    form = hidden_fields(look(client, edit_path(product_id)))
    client.patch(f"{PRODUCTS}/{product_id}", json={"name": "Theirs", "description": "too"})
    form |= {"name": "Mine", "description": "as well"}
    form |= {} if version is None else {"version": version}
    conflict = text_of(send(client, edit_path(product_id), form), 409)
    for words in ("Theirs", "too", 'value="Mine"', "as well"):
        assert words in conflict
    assert fetch(client, product_id)["name"] == "Theirs"
    form |= hidden_fields(conflict)
    where_to(send(client, edit_path(product_id), form))
    assert fetch(client, product_id)["name"] == "Mine"


def test_a_product_is_deleted_as_it_was_shown(client: FlaskClient, engine: Engine) -> None:
    product_id = make_product(engine)
    page = look(client, delete_path(product_id))
    assert "Kettle" in page
    client.patch(f"{PRODUCTS}/{product_id}", json={"name": "Pot"})
    changed = text_of(send(client, delete_path(product_id), hidden_fields(page)), 409)
    assert "Pot" in changed
    for _ in range(2):
        again = send(client, delete_path(product_id), hidden_fields(changed))
        assert where_to(again) == "/#deleted"
    assert n_products(client) == 0


def test_forms_of_products_that_are_not_there_are_not_found(client: FlaskClient) -> None:
    nobody = uuid4()
    for path in (edit_path(nobody), delete_path(nobody)):
        assert "Product not found" in look(client, path, status=404)


def test_an_edit_of_what_was_deleted_meanwhile_loses_nothing(
    client: FlaskClient, product_id: str
) -> None:
    form = hidden_fields(look(client, edit_path(product_id)))
    client.delete(f"{PRODUCTS}/{product_id}")
    form |= {"name": HOSTILE, "description": "typed"}
    page = text_of(send(client, edit_path(product_id), form), 404)
    assert 'action="/products/new"' in page
    assert HOSTILE in page
    assert ">\ntyped</textarea>" in page
    path = where_to(send(client, NEW, form | hidden_fields(page))).partition("#")[0]
    assert HOSTILE in look(client, path)


def test_a_form_without_its_id_is_made_whole(client: FlaskClient) -> None:
    page = text_of(fill_in(client, NEW, name="Kettle", id="x"), 422)
    assert UUID(hidden_fields(page)["id"])
    where_to(send(client, NEW, hidden_fields(page) | {"name": "Kettle"}))


def test_every_form_of_every_page_is_refused_without_its_proof(
    product_id: str, client: FlaskClient
) -> None:
    rules = [
        str(rule).replace("<uuid:product_id>", product_id)
        for rule in client.application.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not str(rule).startswith("/api/")
    ]
    # Nobody is signed in, to be signed out.
    rules.remove("/sign-out")
    assert len(rules) >= 5
    other = client.application.test_client()
    of_another = hidden_fields(look(other, NEW))["form_token"]
    for path in rules:
        for proof in ("", "x", "é.é", of_another):
            typed = {"form_token": proof, "name": "Typed <b>", "version": "1", "do": "import"}
            assert send(client, path, typed).status_code == 403, path
            crossed = send(client, path, typed, **{"Sec-Fetch-Site": "cross-site"})
            assert "Another site sent this form" in text_of(crossed, 403)
            assert "Set-Cookie" not in crossed.headers
    assert fetch(client, product_id)["version"] == 1
    assert n_products(client) == 1


def test_what_was_typed_into_a_form_that_is_too_old_can_be_sent_again(
    client: FlaskClient,
) -> None:
    form = hidden_fields(look(client, NEW)) | {"name": HOSTILE, "description": "a\r\nb"}
    client.delete_cookie("aggregator_session")
    again = send(client, NEW, form)
    assert "<script>alert" not in again.text
    kept = hidden_fields(again.text)
    assert kept["name"] == HOSTILE
    where_to(send(client, NEW, kept))
    assert n_products(client) == 1


def test_pages_to_read_set_no_cookie_and_forms_one_for_this_site(client: FlaskClient) -> None:
    for path in ("/", "/movers", "/status", f"/products/{uuid4()}", "/nothing", "/sign-in"):
        response = client.get(path, headers=HTML)
        assert "Set-Cookie" not in response.headers, path
        assert "Cookie" not in response.headers.get("Vary", ""), path
    form = client.get(NEW, headers=HTML)
    assert "HttpOnly" in form.headers["Set-Cookie"]
    assert form.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in form.headers["Vary"]
