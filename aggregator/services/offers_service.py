"""The offers service as the rest of the product sees it: calls that carry the right token."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Engine

from aggregator.clock import utc_now
from aggregator.offers_client import OffersClient, OnCall, ignore_call
from aggregator.offers_errors import (
    AccessTokenUnavailable,
    AlreadyRegistered,
    OffersServiceNotConfigured,
    OffersServiceUnauthorized,
    UnknownProduct,
)
from aggregator.offers_wire import Snapshot
from aggregator.services.access import StoredAccess
from aggregator.services.fetching import AuthorizedFetch
from aggregator.services.shared_token import SharedToken
from aggregator.settings import Settings

T = TypeVar("T")

#: A call that has less of its time-out left than this share, after a token was waited for, is
#: not begun: its failure would look like the product's.
_LEAST_SHARE = 0.1


class OffersService:
    """Registers products and fetches offers with the one shared access token. Thread-safe.

    A call takes about as long as the client's time-out at most, waiting for a token included.

    :param sign_up_timeout_s: what obtaining a token may take, in the background.
    """

    def __init__(
        self,
        client: OffersClient,
        engine: Engine,
        *,
        sign_up_timeout_s: float,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client = client
        self._shared_token = SharedToken(
            client,
            engine,
            base_url=client.base_url or "",
            sign_up_timeout_s=sign_up_timeout_s,
            clock=clock,
        )

    @property
    def base_url(self) -> str | None:
        """Where the service is; None where that is not configured."""
        return self._client.base_url

    @property
    def generation(self) -> int:
        """Which of its two protocols the service is spoken to in."""
        return self._client.generation

    def register(self, product_id: UUID, name: str, description: str) -> None:
        """Make a product known; that it was known already is a success.

        :raises OffersServiceRejected: The service refuses the product for good.
        :raises OffersServiceUnavailable: Try again later.
        """
        with suppress(AlreadyRegistered):
            self._authorized(self._client.register, product_id, name, description)

    def fetch_offers(self, product_id: UUID) -> Snapshot:
        """Return a product's present offers.

        :raises UnknownProduct: The service does not know the product.
        :raises OffersServiceUnavailable: Try again later.
        """
        return self._authorized(self._client.fetch_offers, product_id)

    def authorized_fetch(self, size: int) -> AuthorizedFetch[T]:
        """Return what fetches the offers of many products at once.

        :param size: how many at most.
        """
        return AuthorizedFetch(self._client, self._shared_token, size)

    def probe(self, product_id: UUID, token: str) -> Snapshot:
        """Return a product's present offers by this token, good or not; obtain no other.

        :raises UnknownProduct: The service does not know the product.
        :raises OffersServiceUnauthorized: The service refuses the token.
        :raises OffersServiceUnavailable: Try again later.
        """
        self._require_configured()
        return self._client.fetch_offers(token, product_id)

    def sign_up(self) -> bool:
        """Make sure that a good access token is stored; True where it was obtained just now.

        :raises AccessTokenUnavailable: None can be had now.
        :raises OffersServiceUnavailable: Whether the stored one is good cannot be found out.
        """
        before = self.find_access()
        token = self._shared_token.get(deadline=time.monotonic() + self._client.timeout_s)
        if before is None or token != before.value:
            return True
        # Whether a token is good, only a call tells: the service may have given another since.
        with suppress(UnknownProduct):
            self.fetch_offers(uuid4())
        after = self.find_access()
        return after is not None and after.value != before.value

    def find_access(self) -> StoredAccess | None:
        """Return what is stored of the access; None where nobody signed up yet.

        :raises OffersServiceNotConfigured: There is no service to have access to.
        """
        self._require_configured()
        return self._shared_token.find()

    def _require_configured(self) -> None:
        if self._client.base_url is None:
            raise OffersServiceNotConfigured

    def _authorized(self, call: Callable[..., T], *args: object) -> T:
        """Make a call, and again with a new token where one was refused."""
        self._require_configured()
        deadline = time.monotonic() + self._client.timeout_s
        refused: str | None = None
        while True:
            token = self._shared_token.get(refused=refused, deadline=deadline)
            try:
                return call(token, *args, timeout_s=self._left_s(deadline))
            except OffersServiceUnauthorized:
                if refused is not None and not self._shared_token.has_expired(token):
                    # Generation 1 gives tokens at will, each a new account without our products:
                    # one that refuses its own tokens must not make us sign up again and again.
                    raise self._shared_token.postpone("a token just obtained was refused") from None
                refused = token

    def _left_s(self, deadline: float) -> float:
        left_s = deadline - time.monotonic()
        if left_s < _LEAST_SHARE * self._client.timeout_s:
            raise AccessTokenUnavailable("obtaining an access token took too long")
        return left_s


def connect_offers_service(
    settings: Settings,
    engine: Engine,
    *,
    timeout_s: float,
    n_threads: int = 1,
    on_call: OnCall = ignore_call,
) -> OffersService:
    """Return the offers service that the settings name. Connects nowhere yet."""
    client = OffersClient(
        settings.offers_base_url,
        refresh_token=settings.offers_refresh_token,
        timeout_s=timeout_s,
        pool_size=n_threads,
        on_call=on_call,
    )
    return OffersService(client, engine, sign_up_timeout_s=settings.offers_timeout_s)
