"""The wire of the offers service: HTTP in, values and typed errors out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from uuid import UUID

import requests
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from aggregator.clock import utc_now
from aggregator.deadline import Deadline, DeadlineAdapter
from aggregator.log import request_id
from aggregator.offers_errors import (
    AlreadyRegistered,
    AnotherTokenValid,
    OffersServiceError,
    OffersServiceNotConfigured,
    OffersServiceRejected,
    OffersServiceUnauthorized,
    OffersServiceUnavailable,
    OffersServiceUnreachable,
    UnknownProduct,
)
from aggregator.offers_wire import (
    AccessToken,
    Snapshot,
    check_registration,
    decode_access_token,
    decode_error,
    decode_snapshot,
)

MAX_BODY_BYTES = 5 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_MAX_RETRY_AFTER_S = 3600.0
_LATE = "the offers service did not answer in time"
#: 4xx that say "later", not "never".
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}

#: Takes the name of an operation, and how many seconds one request took, failed or not.
OnCall = Callable[[str, float], object]


def ignore_call(_operation: str, _seconds: float) -> None:
    """Take note of nothing."""


class OffersClient:
    """Calls one offers service. Thread-safe; knows no database and keeps no token.

    Every call raises, beside what it names, :class:`OffersServiceUnavailable` for anything
    that may pass (network, time-out, 5xx, 429, an unreadable answer) and
    :class:`OffersServiceRejected` for any other refusal. Redirects are not followed: the
    token would travel along in a header that no library knows to strip. ``X-Request-ID`` is
    what the thread's own lines in the log carry, where they carry one.

    :param base_url: with ``/api/v1``, without a slash at its end; None: every call fails.
    :param refresh_token: the secret of generation 2; None speaks generation 1.
    :param timeout_s: bounds connecting, and the whole of one exchange.
    :param pool_size: connections kept open.
    :param on_call: told of every request; called in the thread that made it.
    """

    def __init__(
        self,
        base_url: str | None,
        *,
        refresh_token: str | None,
        timeout_s: float,
        pool_size: int = 16,
        on_call: OnCall = ignore_call,
    ) -> None:
        self.base_url = base_url
        self.generation = 1 if refresh_token is None else 2
        self.timeout_s = timeout_s
        self._refresh_token = refresh_token
        self._session = _session(base_url, pool_size)
        self._on_call = on_call

    def __repr__(self) -> str:
        return f"OffersClient({self.base_url!r}, generation={self.generation})"

    def sign_up(self, *, timeout_s: float | None = None) -> AccessToken:
        """Obtain a new access token.

        :param timeout_s: None for the client's own; so with the other calls.

        :raises AnotherTokenValid: The one before it still lives, and cannot be had again.
        :raises OffersServiceUnauthorized: The refresh token is wrong.
        """
        with self._timed("sign_up"):
            status, body = self._call("POST", "/auth", self._refresh_token, timeout_s)
        if status in (HTTPStatus.CREATED, HTTPStatus.OK):
            return decode_access_token(body)
        if status == HTTPStatus.BAD_REQUEST:
            raise AnotherTokenValid
        raise self._refusal(status, body)

    def register(
        self,
        token: str,
        product_id: UUID,
        name: str,
        description: str,
        *,
        timeout_s: float | None = None,
    ) -> None:
        """Make a product known, so that its offers can be asked for.

        :raises AlreadyRegistered: The service knew it before.
        :raises OffersServiceUnauthorized: The token is refused.
        """
        product = {"id": str(product_id), "name": name, "description": description}
        with self._timed("register"):
            status, body = self._call("POST", "/products/register", token, timeout_s, product)
        if status in (HTTPStatus.CREATED, HTTPStatus.OK):
            return check_registration(body, product_id)
        if status == HTTPStatus.CONFLICT:
            raise AlreadyRegistered(product_id)
        raise self._refusal(status, body, token)

    def fetch_offers(
        self, token: str, product_id: UUID, *, timeout_s: float | None = None
    ) -> Snapshot:
        """Return a product's present offers.

        :raises UnknownProduct: It is not registered, or was forgotten.
        :raises OffersServiceUnauthorized: The token is refused.
        """
        with self._timed("fetch_offers"):
            status, body = self._call("GET", f"/products/{product_id}/offers", token, timeout_s)
        observed_at = utc_now()
        if status == HTTPStatus.OK:
            return decode_snapshot(body, observed_at)
        if status == HTTPStatus.NOT_FOUND:
            raise UnknownProduct(product_id)
        raise self._refusal(status, body, token)

    @contextmanager
    def _timed(self, operation: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._on_call(operation, time.perf_counter() - started)

    def _call(
        self,
        method: str,
        path: str,
        token: str | None,
        timeout_s: float | None,
        json: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Return status and whole body of any answer below 500 that is no 429."""
        if self.base_url is None:
            raise OffersServiceNotConfigured
        timeout_s = timeout_s or self.timeout_s
        deadline = Deadline(timeout_s)
        try:
            with (
                deadline,
                self._session.request(
                    method,
                    self.base_url + path,
                    headers=_headers(token),
                    json=json,
                    timeout=timeout_s,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                _raise_if_passing(response)
                body = _read_body(response)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _unavailable(error, late=deadline.passed) from error
        if deadline.passed:
            raise OffersServiceUnavailable(_LATE)
        return response.status_code, body

    def _refusal(self, status: int, body: bytes, token: str | None = None) -> OffersServiceError:
        if status == HTTPStatus.UNAUTHORIZED:
            return OffersServiceUnauthorized()
        if status < HTTPStatus.BAD_REQUEST:
            return OffersServiceUnavailable(f"the offers service answered {status} unexpectedly")
        secrets = [secret for secret in (token, self._refresh_token) if secret]
        return OffersServiceRejected(status, decode_error(body, secrets))


def _headers(token: str | None) -> dict[str, str]:
    headers = {"Bearer": token, "X-Request-ID": request_id()}
    return {name: value for name, value in headers.items() if value is not None}


def _session(base_url: str | None, pool_size: int) -> requests.Session:
    session = requests.Session()
    # Otherwise requests looks for proxies in the environment again at every call: a third of
    # its time. What it would have found is set once, here.
    session.trust_env = False
    if base_url is not None:
        session.proxies.update(requests.utils.get_environ_proxies(base_url))
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"Accept": "application/json", "User-Agent": "product-aggregator"})
    adapter = DeadlineAdapter(pool_connections=1, pool_maxsize=pool_size)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _read_body(response: requests.Response) -> bytes:
    """Read at most :data:`MAX_BODY_BYTES`."""
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise OffersServiceUnavailable("the offers service's answer is over 5 MiB")
    return bytes(body)


def _raise_if_passing(response: requests.Response) -> None:
    status = response.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        raise OffersServiceUnavailable(
            f"the offers service answered {status}",
            retry_after_s=_retry_after_s(response.headers.get("Retry-After")),
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise OffersServiceUnavailable(
            f"the offers service answered with a redirect ({status}): is OFFERS_BASE_URL right?"
        )


def _retry_after_s(value: str | None) -> float | None:
    """Read seconds or an HTTP date (RFC 9110, 10.2.3), bounded to an hour."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(float(value), _MAX_RETRY_AFTER_S)
    try:
        seconds = (parsedate_to_datetime(value) - utc_now()).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER_S)


def _unavailable(error: Exception, *, late: bool) -> OffersServiceUnavailable:
    """Say what happened without the address, which the library's message holds."""
    cause = error.args[0] if error.args else None
    if isinstance(error, requests.ConnectTimeout):
        return OffersServiceUnreachable("connecting to the offers service timed out")
    if isinstance(error, requests.exceptions.SSLError):
        return OffersServiceUnreachable("the offers service's certificate is not to be trusted")
    if isinstance(getattr(cause, "reason", None), NewConnectionError):
        return OffersServiceUnreachable("the offers service cannot be reached")
    if late or isinstance(error, requests.Timeout | ReadTimeoutError):
        return OffersServiceUnavailable(_LATE)
    return OffersServiceUnavailable("the offers service broke off the connection")
