"""Exchanges with the offers service: HTTP that takes its time-out at most, and no more memory."""

from __future__ import annotations

import os
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy

import requests
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from aggregator.clock import utc_now
from aggregator.deadline import Deadline, DeadlineAdapter
from aggregator.log import request_id
from aggregator.offers_errors import (
    OffersServiceNotConfigured,
    OffersServiceUnavailable,
    OffersServiceUnreachable,
    TooManyRequests,
)

MAX_BODY_BYTES = 5 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_MAX_RETRY_AFTER_S = 3600.0
LATE = "the offers service did not answer in time"
TOO_BIG = "the offers service's answer is over 5 MiB"
CONNECTING_TIMED_OUT = "connecting to the offers service timed out"
UNTRUSTED = "the offers service's certificate is not to be trusted"
UNREACHABLE = "the offers service cannot be reached"
BROKEN_OFF = "the offers service broke off the connection"
USER_AGENT = "product-aggregator"
#: 4xx that say "later", not "never".
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class OffersHttp:
    """Exchanges requests with one offers service. Thread-safe.

    Redirects are not followed: the token would travel along in a header that no library knows
    to strip.

    :param base_url: None: every exchange fails.
    :param pool_size: connections kept open.
    """

    def __init__(self, base_url: str | None, *, pool_size: int) -> None:
        self._base_url = base_url
        self._session = _session(base_url, pool_size)

    def exchange(
        self,
        method: str,
        path: str,
        token: str | None,
        *,
        timeout_s: float,
        json: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Return status and whole body of the answer.

        :raises OffersServiceNotConfigured: There is no base URL.
        :raises TooManyRequests: The service asks for fewer of them.
        :raises OffersServiceUnavailable: There is none, or one that says "later", such as 5xx.
        """
        if self._base_url is None:
            raise OffersServiceNotConfigured
        deadline = Deadline(timeout_s)
        try:
            with (
                deadline,
                self._session.request(
                    method,
                    self._base_url + path,
                    headers=_headers(token),
                    json=json,
                    timeout=timeout_s,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                raise_if_passing(
                    response.status_code, retry_after_s(response.headers.get("Retry-After"))
                )
                body = _read_body(response)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _unavailable(error, late=deadline.passed) from error
        return response.status_code, body


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
    session.headers.update({"Accept": "application/json", "User-Agent": USER_AGENT})
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
            raise OffersServiceUnavailable(TOO_BIG)
    return bytes(body)


def raise_if_passing(status: int, wait_s: float | None) -> None:
    """Raise where an answer says "later", or leads elsewhere.

    :param wait_s: how long the answer asked to wait; None where it did not.
    :raises OffersServiceUnavailable: 3xx, 408, 425, 429, 5xx.
    """
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING:
        too_many = status == HTTPStatus.TOO_MANY_REQUESTS
        raise (TooManyRequests if too_many else OffersServiceUnavailable)(
            f"the offers service answered {status}", retry_after_s=wait_s
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise OffersServiceUnavailable(
            f"the offers service answered with a redirect ({status}): is OFFERS_BASE_URL right?"
        )


def proxy_for(base_url: str) -> str | None:
    """Return the proxy that the environment names for an address; None where it names none."""
    return requests.utils.select_proxy(base_url, requests.utils.get_environ_proxies(base_url))


def retry_after_s(value: str | None) -> float | None:
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
        return OffersServiceUnreachable(CONNECTING_TIMED_OUT)
    if isinstance(error, requests.exceptions.SSLError):
        return OffersServiceUnreachable(UNTRUSTED)
    if isinstance(getattr(cause, "reason", None), NewConnectionError):
        return OffersServiceUnreachable(UNREACHABLE)
    if late or isinstance(error, requests.Timeout | ReadTimeoutError):
        return OffersServiceUnavailable(LATE)
    return OffersServiceUnavailable(BROKEN_OFF)
