"""JSON in and out of Flask: strict when reading (RFC 8259), compact when writing."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Flask, Response
from flask.json.provider import JSONProvider


class MsgspecProvider(JSONProvider):
    """Reads and writes with msgspec.

    Unlike the standard library it refuses ``NaN``, invalid UTF-8 and lone surrogates, none
    of which a database could store.
    """

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return JSON as text."""
        return msgspec.json.encode(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read JSON.

        :raises ValueError: It is malformed, or nested too deep.
        """
        try:
            return msgspec.json.decode(s)
        except RecursionError:
            raise ValueError("JSON is nested too deep") from None

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a JSON response; the line feed at its end is for people with curl."""
        body = msgspec.json.encode(self._prepare_response_obj(args, kwargs))
        return Response(body + b"\n", mimetype="application/json")


def init_app(app: Flask) -> None:
    """Use it for the application's JSON."""
    app.json = MsgspecProvider(app)
