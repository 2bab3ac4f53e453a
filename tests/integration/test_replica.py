"""``DATABASE_URL_READONLY``: a replica answers what only reads, and its failures are nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, text

from aggregator.db import db
from aggregator.engines import engine_options
from aggregator.http.replica import Replica
from tests.conftest import MakeApp
from tests.databases import migrated, new_postgres_database
from tests.factories import make_product, make_token, observe
from tests.integration.api import PRODUCTS, create, fetch

OFFER, BOTH, ONLY_THERE = (UUID(int=n) for n in (1, 2, 3))


@pytest.fixture
def replica_url(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URL of a second database, which is to be taken for a replica."""
    if database_url.startswith("sqlite"):
        yield migrated(f"sqlite:///{tmp_path}/replica.db")
    else:
        with new_postgres_database(request.getfixturevalue("postgres_url")) as url:
            yield migrated(url)


@pytest.fixture
def replica(replica_url: str) -> Iterator[Engine]:
    """Return an engine of the replica."""
    engine = create_engine(replica_url, **engine_options(replica_url))
    yield engine
    engine.dispose()


@pytest.fixture
def app(make_app: MakeApp, replica: Engine) -> Iterator[Flask]:
    """Return an application with a replica that holds a product of its own, and a stale one."""
    made = make_app(database_url_readonly=replica.url.render_as_string(hide_password=False))
    with made.app_context():
        make_product(db.engine, product_id=BOTH, name="as it is")
        observe(db.engine, BOTH, {OFFER: (10, 1)})
        replicas = db.engines["readonly"]
    make_product(replica, product_id=BOTH, name="as it was")
    observe(replica, BOTH, {OFFER: (20, 2)})
    make_product(replica, product_id=ONLY_THERE, name="only there")
    yield made
    replicas.dispose()


def test_everything_that_only_reads_is_read_from_the_replica(client: FlaskClient) -> None:
    of_both = f"{PRODUCTS}/{BOTH}"
    assert fetch(client, BOTH)["name"] == "as it was"
    assert [item["name"] for item in fetch(client, PRODUCTS)["items"]] == [
        "as it was",
        "only there",
    ]
    assert "as it was" in client.get(f"{PRODUCTS}/export").text
    assert fetch(client, f"{BOTH}/offers")["items"][0]["price"] == 20
    assert fetch(client, f"{BOTH}/offers/{OFFER}")["price"] == 20
    assert fetch(client, f"{BOTH}/history?period=1h")["items"][0]["price"] == 20
    assert ",20," in client.get(f"{of_both}/history?period=1h&format=csv").text
    assert fetch(client, f"{BOTH}/trend?period=1h")["end"]["value"] == 20
    assert fetch(client, f"{BOTH}/offers/{OFFER}/trend?period=1h")["end"]["value"] == 20
    assert [m["end"]["value"] for m in fetch(client, "/api/v1/movers?period=1h")["items"]] == [20]


def test_head_and_what_is_sent_again_with_a_tag_agree_with_get(client: FlaskClient) -> None:
    path = f"{PRODUCTS}/{BOTH}"
    tag = client.get(path).headers["ETag"]
    assert client.head(path).headers["ETag"] == tag
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_everything_that_changes_something_reads_the_database_itself(client: FlaskClient) -> None:
    assert client.patch(f"{PRODUCTS}/{ONLY_THERE}", json={"name": "x"}).status_code == 404
    path = f"{PRODUCTS}/{BOTH}"
    for _ in range(2):
        changed = client.patch(path, json={"name": "new"}, headers={"If-Match": '"1", "2"'})
        assert changed.get_json()["name"] == "new"
    stale = client.patch(path, json={"name": "newer"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    key = {"Idempotency-Key": "k"}
    first, again = (client.post(PRODUCTS, json={"name": "y"}, headers=key) for _ in range(2))
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.get_json()["name"] == again.get_json()["name"] == "y"


def test_what_has_not_reached_the_replica_yet_is_found_all_the_same(client: FlaskClient) -> None:
    created = create(client, name="just now")
    assert fetch(client, created["id"]) == created
    assert fetch(client, f"{created['id']}/offers")["items"] == []
    assert client.get(f"{PRODUCTS}/{UUID(int=99)}").status_code == 404


def test_tokens_are_those_of_the_database_itself(make_app: MakeApp, replica: Engine) -> None:
    url = replica.url.render_as_string(hide_password=False)
    app = make_app(database_url_readonly=url, api_auth="all")
    with app.app_context():
        good, replicas = make_token(db.engine), db.engines["readonly"]
    revoked = make_token(replica)
    for token, status in ((good, 200), (revoked, 401)):
        headers = {"Authorization": f"Bearer {token}"}
        assert app.test_client().get(PRODUCTS, headers=headers).status_code == status
    replicas.dispose()


def test_commands_read_the_database_itself(app: Flask, client: FlaskClient) -> None:
    said = app.test_cli_runner().invoke(args=["products", "list", "--json"]).stdout
    assert "as it is" in said
    assert "as it was" not in said


@pytest.mark.parametrize("failure", ["away", "not migrated"])
def test_a_replica_that_fails_costs_no_request(
    make_app: MakeApp, replica: Engine, capsys: pytest.CaptureFixture[str], failure: str
) -> None:
    url = replica.url
    if failure == "away":
        missing = url.set(database="/nowhere/x.db")
        url = missing if url.get_backend_name() == "sqlite" else url.set(host="127.0.0.1", port=9)
    else:
        make_product(replica, product_id=BOTH)
        with replica.begin() as connection:
            connection.execute(text("DROP TABLE offers"))
    app = make_app(database_url_readonly=url.render_as_string(hide_password=False))
    with app.app_context():
        make_product(db.engine, product_id=BOTH)
        observe(db.engine, BOTH, {OFFER: (10, 1)})
        replicas = db.engines["readonly"]
    for path in (f"{BOTH}/offers", f"{BOTH}/offers", f"{BOTH}/history?period=1h"):
        assert len(fetch(app.test_client(), path)["items"]) == 1
    assert capsys.readouterr().err.count("replica_failed") == 1, "it is left alone then"
    replicas.dispose()


def test_a_replica_that_failed_is_asked_again_after_a_while(replica: Engine) -> None:
    now = [100.0]
    of_clock = Replica(replica, clock=lambda: now[0])
    assert of_clock.is_usable()
    of_clock.leave_alone(OSError("gone"))
    now[0] = 109.9
    assert not of_clock.is_usable()
    now[0] = 110.0
    assert of_clock.is_usable()
