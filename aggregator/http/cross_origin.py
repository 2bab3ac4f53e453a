"""Calls from pages of other web origins (CORS)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Flask, Response, request
from flask_cors import CORS

from aggregator.http.api_calls import BASE

_PATHS = re.compile(rf"({re.escape(BASE)}(/.*)?|/openapi\.json)\Z", re.DOTALL)
_MAX_AGE_S = 600
_REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Request-ID",
)
_RESPONSE_HEADERS = (
    "Content-Disposition",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
)


def init_app(app: Flask, origins: Sequence[str]) -> None:
    """Let pages of these origins call the API.

    :param origins: such as ``https://example.org``; ``*`` for all, none for no page at all.
    """
    if not origins:
        return
    everybody = "*" in origins
    CORS(
        app,
        resources=[_PATHS],
        # As it is, the brackets of an IPv6 address would be read as a pattern.
        origins="*" if everybody else [_exactly(origin) for origin in origins],
        send_wildcard=everybody,
        always_send=everybody,
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=_REQUEST_HEADERS,
        expose_headers=_RESPONSE_HEADERS,
        max_age=_MAX_AGE_S,
        vary_header=False,
        intercept_exceptions=False,
    )
    if not everybody:
        app.after_request(_vary)


def _exactly(origin: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(origin)}\Z", re.IGNORECASE)


def _vary(response: Response) -> Response:
    """Keep caches from giving one origin, or none, the answer that another got."""
    if _PATHS.match(request.path):
        response.vary.add("Origin")
    return response
