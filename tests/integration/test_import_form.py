"""The import's page: what a file would do is shown first, and then done, once."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask.testing import FlaskClient

from tests.conftest import MakeApp
from tests.integration.api import PRODUCTS
from tests.integration.pages import HTML, fill_in, hidden_fields, look, text_of, words_of

IMPORT = "/products/import"
MIXED = b"name,description\nKettle,1.7 l\n,nameless\nPot,\n"
GOOD = b"name\nKettle\nPot\n"


def send_file(
    client: FlaskClient, step: str, content: bytes, name: str = "a.csv", *, status: int = 200
) -> str:
    """Send a file and return what the page says."""
    return text_of(fill_in(client, IMPORT, do=step, file=(BytesIO(content), name)), status)


def as_multipart(fields: dict[str, str], content: bytes) -> tuple[str, bytes]:
    """Return the type and the body of a form with a large file, of which nothing is left open."""
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append('--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n')
    body = "".join(parts).encode() + content + b"\r\n--x--\r\n"
    return "multipart/form-data; boundary=x", body


def names(client: FlaskClient) -> list[str]:
    """Return the names of all products."""
    items = client.get(f"{PRODUCTS}?sort=name").get_json()["items"]
    return [item["name"] for item in items]


def test_a_file_is_looked_at_first_and_then_imported_once(client: FlaskClient) -> None:
    assert "Import 2 products" in send_file(client, "check", GOOD)
    assert names(client) == []
    assert "2 products were imported." in send_file(client, "import", GOOD)
    assert "0 products were imported." in send_file(client, "import", GOOD)
    assert names(client) == ["Kettle", "Pot"]
    assert "There is nothing to import" in send_file(client, "check", GOOD)


def test_faulty_rows_are_shown_and_can_be_left_out(client: FlaskClient) -> None:
    checked = send_file(client, "check", MIXED)
    assert "Import 2 products, and skip 1 faulty row" in checked
    assert '<th scope="row">2</th><td><p><b>name</b> This field is required.</p>' in checked
    refused = send_file(client, "import", MIXED, status=422)
    assert "Nothing was imported" in refused
    assert names(client) == []
    assert "2 products were imported." in send_file(client, "skip", MIXED)
    assert names(client) == ["Kettle", "Pot"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.JSON", b'[{"name": "Kettle"}]'),
        ("a.ndjson", b'{"name": "Kettle"}\n'),
        ("a.jsonl", b'{"name": "Kettle"}\n'),
    ],
)
def test_other_formats_are_known_by_name(client: FlaskClient, name: str, content: bytes) -> None:
    assert "1 product was imported." in send_file(client, "import", content, name)


@pytest.mark.parametrize(
    ("name", "content", "status", "told"),
    [
        ("", b"", 422, "Choose a file."),
        ("a.xlsx", b"PK", 400, "This is no file of a kind that is read here"),
        ("a.json", b"{}", 422, "This must be a JSON array."),
        ("a.json", b"[", 400, "The file is not JSON that can be read"),
        ("a.csv", b"\xff", 400, "The file is not UTF-8"),
        ("a.csv", b"title\n", 422, "title There is no such column."),
        ("a.csv", b"name\n" + b"x\n" * 10_001, 422, "An import takes at most 10,000 rows."),
    ],
)
def test_what_is_wrong_with_a_file_as_a_whole_is_told(
    client: FlaskClient, name: str, content: bytes, status: int, told: str
) -> None:
    assert told in send_file(client, "check", content, name, status=status)


def test_hostile_names_are_text(client: FlaskClient) -> None:
    response = fill_in(
        client, IMPORT, do="check", file=(BytesIO(b"name\n"), "<img src=x onerror=y>.csv")
    )
    assert "<img" not in response.text


def test_more_than_other_forms_take_is_taken_here_and_too_much_is_told(
    client: FlaskClient,
) -> None:
    large = b"name,description\n" + b"".join(b"%d,%s\n" % (i, b"x" * 2000) for i in range(1500))
    form = hidden_fields(look(client, IMPORT))
    kind, body = as_multipart(form | {"do": "check"}, large)
    response = client.post(IMPORT, data=body, content_type=kind, headers=HTML)
    assert "Import 1 500 products" in words_of(response.text)
    response = client.post(
        IMPORT, data=form, headers=HTML, environ_overrides={"CONTENT_LENGTH": str(2**26 + 2**17)}
    )
    assert "The file has over 64 MiB." in text_of(response, 413)
    too_long = client.post("/products/new", data={"name": "x" * 2**21}, headers=HTML)
    assert too_long.status_code == 413


def test_a_file_that_comes_with_a_form_that_is_too_old_is_to_be_chosen_again(
    client: FlaskClient,
) -> None:
    data = {"do": "import", "form_token": "old", "file": (BytesIO(GOOD), "a.csv")}
    response = client.post(IMPORT, data=data, headers=HTML)
    assert "Choose the file again" in text_of(response, 403)
    assert names(client) == []


def test_a_large_file_of_somebody_who_is_signed_out_is_not_read(make_app: MakeApp) -> None:
    client = make_app(api_auth="write").test_client()
    body, kind = b"x" * 2_000_000, "multipart/form-data; boundary=x"
    response = client.post(IMPORT, data=body, content_type=kind, headers=HTML)
    assert "You are not signed in any more" in text_of(response, 403)
