"""A PostgreSQL that lets nothing be written: as one that is away, for whoever writes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from tests.factories import make_token
from tests.integration.api import PRODUCTS
from tests.integration.conftest import Database, MakeDatabase


@pytest.fixture
def writable(make_database: MakeDatabase) -> Database:
    """Return a database to which all may be written."""
    return make_database("postgresql")


@pytest.fixture
def token(writable: Database) -> str:
    """Return an API token that may write."""
    return make_token(writable.engine)


@pytest.fixture(params=["default_transaction_read_only=on", "role=pg_read_all_data"])
def read_only(writable: Database, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Return the same one where it only reads: as a whole, or for the role that we have."""
    url = make_url(writable.url).update_query_dict({"options": f"-c {request.param}"})
    found = Database(url.render_as_string(hide_password=False))
    yield found
    found.engine.dispose()


def test_what_writes_is_put_off_and_what_reads_is_answered(read_only: Database, token: str) -> None:
    client, headers = read_only.app.test_client(), {"Authorization": f"Bearer {token}"}
    assert client.get(PRODUCTS, headers=headers).status_code == 200
    refused = client.post(PRODUCTS, json={"name": "Pot"}, headers=headers)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    error = read_only.run("tokens", "create", "shop", status=1).stderr
    assert error.startswith("Error: the database is unavailable: ")


def test_the_doctor_tells(read_only: Database) -> None:
    [line] = [li for li in read_only.run("doctor", status=1).stdout.splitlines() if "writing" in li]
    assert "failure" in line
