"""Request bodies: which are taken at all, and large ones, kept in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge, UnsupportedMediaType

_PIECE = 64 * 1024
#: What is larger goes to the disk.
_IN_MEMORY = 1024 * 1024


class CodedBody(UnsupportedMediaType):
    """A body is compressed. How large it would get nobody knows, so it is not even looked at."""

    def __init__(self, coding: str) -> None:
        super().__init__(f"A body in the coding {coding} is not read: leave Content-Encoding out.")

    def get_headers(self, *args: object, **kwargs: object) -> list[tuple[str, str]]:
        """Return the headers: one says what would be read."""
        return [("Accept-Encoding", "identity")]


def refuse_coding(req: Request) -> None:
    """Check that a body is sent as it is.

    :raises CodedBody: It is compressed.
    """
    coding = req.headers.get("Content-Encoding", "")
    if coding.strip().lower() not in {"", "identity"}:
        raise CodedBody(coding)


@contextmanager
def spooled_body(req: Request, max_bytes: int) -> Iterator[IO[bytes]]:
    """Give the whole body as a file that lasts as long as it is entered.

    :raises CodedBody: It is compressed.
    :raises RequestEntityTooLarge: It is larger than so many bytes; not more are read.
    :raises ClientDisconnected: It is cut.
    """
    refuse_coding(req)
    if req.content_length and req.content_length > max_bytes:
        raise RequestEntityTooLarge
    # One byte more than may be tells a body that is too large from one that just fits.
    req.max_content_length = max_bytes + 1
    with SpooledTemporaryFile(_IN_MEMORY) as body:
        while piece := req.stream.read(_PIECE):
            body.write(piece)
            if body.tell() > max_bytes:
                raise RequestEntityTooLarge
        # With a limit, werkzeug takes a body that is cut for one that is complete.
        if req.content_length not in {None, body.tell()}:
            raise ClientDisconnected
        body.seek(0)
        yield body
