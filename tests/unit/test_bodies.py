"""Large bodies are kept in a file: all of them, and nothing of what is too large or cut."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from aggregator.views.bodies import CodedBody, spooled_body

LIMIT = 1_000_000
SIZES = [0, 1, 65_536, LIMIT]


def request_of(body: bytes, **headers: object) -> Request:
    """Return a request as a server gives it that ends the body by itself."""
    environ = {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True}
    return Request(environ | {"REQUEST_METHOD": "POST"} | headers)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_a_body_is_read_whole(size: int, chunked: bool) -> None:
    headers = {} if chunked else {"CONTENT_LENGTH": str(size)}
    with spooled_body(request_of(b"x" * size, **headers), LIMIT) as body:
        assert body.read() == b"x" * size


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
def test_a_body_that_is_too_large_is_refused(chunked: bool) -> None:
    headers = {} if chunked else {"CONTENT_LENGTH": str(LIMIT + 1)}
    request = request_of(b"x" * (LIMIT + 1), **headers)
    with pytest.raises(RequestEntityTooLarge), spooled_body(request, LIMIT):
        pass
    assert request.environ["wsgi.input"].tell() == (LIMIT + 1 if chunked else 0)


def test_of_an_endless_body_only_so_much_is_read() -> None:
    request = request_of(b"x" * 3 * LIMIT)
    with pytest.raises(RequestEntityTooLarge), spooled_body(request, LIMIT):
        pass
    assert request.environ["wsgi.input"].tell() <= LIMIT + 1


@pytest.mark.parametrize("size", SIZES)
def test_a_body_that_is_cut_is_refused(size: int) -> None:
    request = request_of(b"x" * (size - 1), CONTENT_LENGTH=str(size or 1))
    with pytest.raises(ClientDisconnected), spooled_body(request, LIMIT):
        pass


def test_a_compressed_body_is_not_touched() -> None:
    request = request_of(b"x", HTTP_CONTENT_ENCODING="gzip")
    with pytest.raises(CodedBody, match="gzip"), spooled_body(request, LIMIT):
        pass
    assert request.environ["wsgi.input"].tell() == 0
