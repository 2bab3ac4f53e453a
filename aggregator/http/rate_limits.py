"""How many requests one client may send."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from flask import Flask, Response, request
from flask_limiter import ApplicationLimit, Limiter, RequestLimit
from limits import parse_many
from limits.errors import StorageError
from redis.backoff import NoBackoff
from redis.retry import Retry

from aggregator.http.api_calls import is_api_call
from aggregator.settings import Settings

log = structlog.get_logger(__name__)

#: Where API tokens are tried out by a form: as good a place to guess them as the API.
SIGN_IN = "/sign-in"
#: How long a request waits for Redis before it is counted without.
_REDIS: dict[str, Any] = {
    "socket_connect_timeout": 0.5,
    "socket_timeout": 0.5,
    "retry": Retry(NoBackoff(), 0),
    "wrap_exceptions": True,
}


def init_app(app: Flask, settings: Settings, *, client: Callable[[], str]) -> None:
    """Limit all calls of the API and all attempts to sign in together, where a limit is set.

    While Redis is away each process counts by itself.

    :param client: returns whose requests are counted together.
    """
    if settings.rate_limit is None:
        return
    limits = parse_many(settings.rate_limit)
    told = f"Each client may send {', '.join(map(str, limits))}."
    limiter = Limiter(
        client,
        application_limits=[ApplicationLimit(settings.rate_limit, error_message=told)],
        # What has no route counts as well.
        request_identifier=lambda: "api",
        storage_uri=settings.rate_limit_storage,
        storage_options=_REDIS if settings.rate_limit_storage != "memory://" else {},
        in_memory_fallback_enabled=True,
    )
    limiter.request_filter(lambda: not _counts())
    limiter.init_app(app)
    app.after_request(partial(_tell, limiter, len(limits) == 1))


def _counts() -> bool:
    return is_api_call() or (request.path == SIGN_IN and request.method == "POST")


def _tell(limiter: Limiter, only_one: bool, response: Response) -> Response:
    """Say what the limits are and what is left of them (draft-ietf-httpapi-ratelimit-headers)."""
    limits = limiter.current_limits
    if not limits:
        return response
    try:
        told = [_describe(limit, only_one) for limit in limits]
    except StorageError as error:
        log.warning("rate_limits_unknown", reason=str(error))
        return response
    response.headers["RateLimit-Policy"] = ", ".join(policy for policy, _, _ in told)
    response.headers["RateLimit"] = ", ".join(left for _, left, _ in told)
    # What comes after the first limit that is exceeded is not looked at.
    if limits[-1].breached:
        response.headers["Retry-After"] = str(told[-1][2])
    return response


def _describe(limit: RequestLimit, only_one: bool) -> tuple[str, str, int]:
    """Return a limit's policy, what is left of it, and in how many seconds all is again."""
    window_s = limit.limit.get_expiry()
    name = "default" if only_one else f"{window_s}s"
    wait_s = max(math.ceil(limit.window.reset_time - time.time()), 1)
    policy = f'"{name}";q={limit.limit.amount};w={window_s}'
    return policy, f'"{name}";r={limit.window.remaining};t={wait_s}', wait_s
