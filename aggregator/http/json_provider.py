"""JSON in and out of Flask: strict when reading (RFC 8259), compact when writing."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Flask, Response
from flask.json.provider import JSONProvider

from aggregator import strict_json


class MsgspecProvider(JSONProvider):
    """Reads and writes with msgspec."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return JSON as text."""
        return msgspec.json.encode(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read JSON.

        :raises ValueError: It is malformed, or nested too deep.
        """
        return strict_json.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a JSON response; the line feed at its end is for people with curl."""
        body = msgspec.json.encode(self._prepare_response_obj(args, kwargs))
        return Response(body + b"\n", mimetype="application/json")


def init_app(app: Flask) -> None:
    """Use it for the application's JSON."""
    app.json = MsgspecProvider(app)
