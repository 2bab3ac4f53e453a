"""The calls of the offers service: values and typed errors out of what it answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from aggregator.clock import utc_now
from aggregator.offers_errors import (
    AlreadyRegistered,
    AnotherTokenValid,
    OffersServiceError,
    OffersServiceRejected,
    OffersServiceUnauthorized,
    OffersServiceUnavailable,
    UnknownProduct,
)
from aggregator.offers_http import OffersHttp
from aggregator.offers_wire import (
    AccessToken,
    Snapshot,
    check_registration,
    decode_access_token,
    decode_error,
    decode_snapshot,
)

#: Takes the name of an operation, and how many seconds one request took, failed or not.
OnCall = Callable[[str, float], object]


def ignore_call(_operation: str, _seconds: float) -> None:
    """Take note of nothing."""


class OffersClient:
    """Calls one offers service. Thread-safe; knows no database and keeps no token.

    Every call raises, beside what it names, :class:`OffersServiceUnavailable` for anything
    that may pass (network, time-out, 5xx, 429, an unreadable answer) and
    :class:`OffersServiceRejected` for any other refusal. ``X-Request-ID`` is what the thread's
    own lines in the log carry, where they carry one.

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
        self._http = OffersHttp(base_url, pool_size=pool_size)
        self.on_call = on_call

    def __repr__(self) -> str:
        return f"OffersClient({self.base_url!r}, generation={self.generation})"

    def sign_up(self, *, timeout_s: float | None = None) -> AccessToken:
        """Obtain a new access token.

        :param timeout_s: None for the client's own; so with the other calls.

        :raises AnotherTokenValid: The one before it still lives, and cannot be had again.
        :raises OffersServiceUnauthorized: The refresh token is wrong.
        """
        status, body = self._call("sign_up", "POST", "/auth", self._refresh_token, timeout_s)
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
        status, body = self._call(
            "register", "POST", "/products/register", token, timeout_s, product
        )
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
        status, body = self._call(
            "fetch_offers", "GET", f"/products/{product_id}/offers", token, timeout_s
        )
        return self.read_offers(token, product_id, status, body, utc_now())

    def read_offers(
        self, token: str, product_id: UUID, status: int, body: bytes, observed_at: datetime
    ) -> Snapshot:
        """Return what an answer says of a product's offers.

        :param token: what it was asked with.
        :param observed_at: when the answer was complete.
        :raises UnknownProduct: It is not registered, or was forgotten.
        :raises OffersServiceUnauthorized: The token is refused.
        """
        if status == HTTPStatus.OK:
            return decode_snapshot(body, observed_at)
        if status == HTTPStatus.NOT_FOUND:
            raise UnknownProduct(product_id)
        raise self._refusal(status, body, token)

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        token: str | None,
        timeout_s: float | None,
        json: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Return status and body of the answer; tell how long it took, whatever came of it."""
        started = time.perf_counter()
        try:
            return self._http.exchange(
                method, path, token, timeout_s=timeout_s or self.timeout_s, json=json
            )
        finally:
            self.on_call(operation, time.perf_counter() - started)

    def _refusal(self, status: int, body: bytes, token: str | None = None) -> OffersServiceError:
        if status == HTTPStatus.UNAUTHORIZED:
            return OffersServiceUnauthorized()
        if status < HTTPStatus.BAD_REQUEST:
            return OffersServiceUnavailable(f"the offers service answered {status} unexpectedly")
        secrets = [secret for secret in (token, self._refresh_token) if secret]
        return OffersServiceRejected(status, decode_error(body, secrets))
