"""Tags change when, and only when, what they stand for does; who has it is not sent it again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from aggregator import current
from aggregator.clock import utc_now
from tests.conftest import MakeApp
from tests.factories import make_product, observe
from tests.integration.api import PRODUCTS, create
from tests.integration.plans import recorded

PRODUCT, OFFER, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
PRODUCT_TAG = re.compile(r'"[1-9][0-9]*\.[\w-]{8}"')


def tag_of(client: FlaskClient, path: object) -> str:
    """Return the tag of what is at a path below the products."""
    return client.get(f"{PRODUCTS}/{path}".rstrip("/")).headers["ETag"]


@pytest.fixture
def product_id(engine: Engine) -> UUID:
    """Return a product with two offers."""
    product_id = make_product(engine)
    observe(engine, product_id, {OFFER: (10, 1), OTHER: (12, 0)})
    return product_id


def life(engine: Engine, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a product go through everything that a product can; yield after each step."""
    product_id = make_product(engine, product_id=PRODUCT)
    path = f"{PRODUCTS}/{PRODUCT}"
    at = utc_now() - timedelta(seconds=250)
    yield
    observe(engine, product_id, {OFFER: (10, 1)}, at=at)
    yield
    client.put(path, json={"name": "Kettle", "description": ""})
    yield
    for n, offers in enumerate(
        [
            {OFFER: (10, 1)},
            {OFFER: (11, 1)},
            {OFFER: (10, 1), OTHER: (12, 1)},
            {OFFER: (10, 1), OTHER: (13, 1)},
            {},
            {OFFER: (10, 1)},
        ],
        start=1,
    ):
        observe(engine, product_id, offers, at=at + timedelta(seconds=n))
        yield
    client.patch(path, json={})
    yield
    client.patch(path, json={"description": "1.7 l"})
    yield
    client.put(path, json={"name": "Pot", "description": "1.7 l"})
    yield
    with monkeypatch.context() as later:
        later.setattr(current, "utc_now", lambda: utc_now() + timedelta(seconds=100))
        yield
    yield
    client.delete(path)
    make_product(engine, product_id=product_id, name="Another")
    yield


@pytest.mark.parametrize(
    ("path", "n_least"),
    [
        pytest.param(PRODUCTS, 10, id="list"),
        pytest.param(f"{PRODUCTS}/{PRODUCT}", 10, id="product"),
        pytest.param(f"{PRODUCTS}/{PRODUCT}/offers", 8, id="offers"),
        pytest.param(f"{PRODUCTS}/{PRODUCT}/offers/{OFFER}", 4, id="offer"),
    ],
)
def test_the_tag_changes_when_and_only_when_the_representation_does(
    engine: Engine,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    n_least: int,
) -> None:
    answers = [client.get(path) for _ in life(engine, client, monkeypatch)]
    pairs = {(one.data, one.headers["ETag"]) for one in answers if one.status_code == 200}
    assert len(pairs) >= n_least
    assert len(pairs) == len({body for body, _ in pairs}) == len({tag for _, tag in pairs})


def test_the_tag_of_a_product_is_its_version_and_a_mark(client: FlaskClient) -> None:
    response = client.post(PRODUCTS, json={"name": "Kettle"})
    path = response.headers["Location"]
    tags = [response.headers["ETag"], client.get(path).headers["ETag"]]
    for name in ("Kettle", "Pot"):
        response = client.patch(path, json={"name": name})
        tags += [response.headers["ETag"], client.get(path).headers["ETag"]]
        response = client.put(path, json={"name": name, "description": ""})
        tags += [response.headers["ETag"], client.get(path).headers["ETag"]]
    assert all(PRODUCT_TAG.fullmatch(tag) for tag in tags)
    assert [tag.partition(".")[0] for tag in tags] == ['"1'] * 6 + ['"2'] * 4
    assert len(set(tags)) == 2


@pytest.mark.parametrize(
    "path",
    [
        "",
        "?limit=1&include=total",
        "{}",
        "{}/offers",
        "{}/offers?at=2026-01-01T00:00:00Z",
        f"{{}}/offers/{OFFER}",
        "{}/history?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z",
        "{}/trend?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z",
        f"{{}}/offers/{OFFER}/trend?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z",
    ],
    ids=lambda path: path.replace(str(OFFER), "ID") or "list",
)
def test_all_that_is_read_as_json_has_a_strong_tag_and_is_not_sent_twice(
    client: FlaskClient, product_id: UUID, path: str
) -> None:
    url = f"{PRODUCTS}/{path.format(product_id)}" if path[:1] == "{" else PRODUCTS + path
    first = client.get(url)
    assert first.status_code == 200
    assert re.fullmatch(r'"[\w.-]+"', first.headers["ETag"])
    head = client.head(url)
    assert (head.status_code, head.data) == (200, b"")
    assert {**head.headers, "X-Request-ID": ""} == {**first.headers, "X-Request-ID": ""}
    for method in ("GET", "HEAD"):
        again = client.open(url, method=method, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["X-Request-ID"]
        assert "Content-Type" not in again.headers
        assert "Content-Length" not in again.headers


@pytest.mark.parametrize(
    ("sent", "status", "returned"),
    [
        pytest.param('"{}"', 304, '"{}"', id="tag"),
        pytest.param('W/"{}"', 304, '"{}"', id="weak"),
        pytest.param('"x", W/"y" ,"{}"', 304, '"{}"', id="list"),
        pytest.param("*", 304, '"{}"', id="star"),
        pytest.param('"{}:gzip"', 304, '"{}:gzip"', id="compressed"),
        pytest.param('W/"{}:gzip"', 304, '"{}:gzip"', id="weak-compressed"),
        pytest.param('"x{}"', 200, '"{}"', id="other"),
        pytest.param('"1"', 200, '"{}"', id="version-only"),
        pytest.param('"{}', 200, '"{}"', id="malformed"),
        pytest.param("", 200, '"{}"', id="empty"),
    ],
)
@pytest.mark.parametrize("path", ["{}", "{}/offers"], ids=["product", "offers"])
def test_who_has_it_is_not_sent_it_again(
    client: FlaskClient, product_id: UUID, path: str, sent: str, status: int, returned: str
) -> None:
    path = path.format(product_id)
    tag = tag_of(client, path).strip('"')
    response = client.get(f"{PRODUCTS}/{path}", headers={"If-None-Match": sent.format(tag)})
    assert response.status_code == status
    assert response.headers["ETag"] == returned.format(tag)
    assert bool(response.data) is (status == 200)


def test_who_has_an_old_one_is_sent_the_new_one(
    engine: Engine, client: FlaskClient, product_id: UUID
) -> None:
    for path in (product_id, f"{product_id}/offers", ""):
        old = tag_of(client, path)
        observe(engine, product_id, {OFFER: (10, 1), OTHER: (12, 0)})
        url = f"{PRODUCTS}/{path}".rstrip("/")
        response = client.get(url, headers={"If-None-Match": old})
        assert response.status_code == 200
        assert response.headers["ETag"] not in (old, None)


@pytest.mark.parametrize("path", ["", "{}", "{}/offers"], ids=["list", "product", "offers"])
def test_what_is_unchanged_costs_one_statement_that_reads_no_text(
    engine: Engine, client: FlaskClient, product_id: UUID, path: str
) -> None:
    url = f"{PRODUCTS}/{path.format(product_id)}".rstrip("/")
    tag = client.get(url).headers["ETag"]
    with recorded(engine) as sent:
        response = client.get(url, headers={"If-None-Match": tag})
    assert response.status_code == 304
    [(statement, _)] = sent
    assert "description" not in statement
    assert 'price"' not in statement.replace('best_price"', "")


@pytest.mark.parametrize("format_", ["csv", "ndjson"])
def test_a_stream_has_no_tag_and_is_always_sent(
    client: FlaskClient, product_id: UUID, format_: str
) -> None:
    path = f"{PRODUCTS}/{product_id}/history?format={format_}"
    response = client.get(path, headers={"If-None-Match": "*"})
    assert response.status_code == 200
    assert "ETag" not in response.headers
    assert response.data


def test_what_is_not_there_is_not_called_unchanged(client: FlaskClient) -> None:
    for path in (f"{PRODUCTS}/{UUID(int=9)}", f"{PRODUCTS}?limit=0", "/nothing"):
        response = client.get(path, headers={"If-None-Match": "*"})
        assert response.status_code in (404, 422)
        assert "ETag" not in response.headers


def test_tags_are_the_same_on_every_web_server(make_app: MakeApp, product_id: UUID) -> None:
    clients = [make_app().test_client() for _ in range(2)]
    for path in (product_id, f"{product_id}/offers", ""):
        assert len({tag_of(client, path) for client in clients}) == 1


def test_a_deleted_and_newly_created_product_has_another_tag(
    client: FlaskClient, engine: Engine
) -> None:
    first = create(client, id=str(OFFER), name="Kettle")
    old = tag_of(client, OFFER)
    client.delete(f"{PRODUCTS}/{OFFER}")
    second = create(client, id=str(OFFER), name="Pot")
    assert first["version"] == second["version"] == 1
    assert tag_of(client, OFFER) != old
