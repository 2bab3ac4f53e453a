"""The one access token that all threads of all processes share, and its renewal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Engine

from aggregator.database_errors import DATABASE_UNAVAILABLE, first_line
from aggregator.db import reading, unit_of_work
from aggregator.offers_client import OffersClient
from aggregator.offers_errors import (
    AccessTokenUnavailable,
    AnotherTokenValid,
    OffersServiceError,
    OffersServiceUnavailable,
)
from aggregator.offers_wire import AccessToken
from aggregator.repeats import Repeats
from aggregator.services import access
from aggregator.services.access import StoredAccess

log = structlog.get_logger(__name__)

#: How often those who wait look whether a token has been stored.
_LOOK_S = 0.1
#: A service that says "another is valid" is asked again this soon, and waited for: its clock
#: may be just a little behind ours.
_ASK_AGAIN_S = 1.0
#: One that is down is left alone for longer, and whoever needs a token is told so at once.
_UNAVAILABLE_S = 5.0
#: After a refusal that a person must mend.
_REFUSED_S = 30.0


class SharedToken:
    """Gives the access token, out of memory, out of the database, or out of a renewal.

    Renewing is one thread's work in one process, and goes on when those who wait for it give
    up: an answer nobody takes is a token lost, and the service gives no other for minutes.

    :param base_url: of the service that the token is for.
    :param sign_up_timeout_s: what a renewal may take.
    """

    def __init__(
        self,
        client: OffersClient,
        engine: Engine,
        *,
        base_url: str,
        sign_up_timeout_s: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._engine = engine
        self._base_url = base_url
        self._sign_up_timeout_s = sign_up_timeout_s
        self._clock = clock
        self._held: AccessToken | None = None
        self._refused: str | None = None
        self._repeats = Repeats()
        self._looking = threading.Lock()
        self._renewed = threading.Event()

    def get(self, *, refused: str | None = None, deadline: float) -> str:
        """Return a token to try, renewing it first where that is due.

        :param refused: a token that the service has just refused.
        :param deadline: monotonic seconds until which to wait for a renewal.
        :raises AccessTokenUnavailable: There will be none before the deadline.
        """
        if refused is not None:
            self._refused = refused
        held = self._held
        if held is not None and self._seems_good(held, refused):
            return held.value
        with self._looking:
            stored = self.find()
            known = stored.value if stored else None
            while True:
                if stored and stored.token and self._will_do(stored.token, known, refused):
                    self._held = stored.token
                    return stored.token.value
                if stored is None or stored.is_renewable(self._clock()):
                    self._begin_renewal(known)
                elif stored.last_error and known not in (None, refused):
                    # By our clock it has expired; the service gives no other, so it is good.
                    return known
                else:
                    self._raise_if_hopeless(stored, deadline)
                if self._renewed.wait(_LOOK_S):
                    self._renewed.clear()
                stored = self.find()

    def has_expired(self, token: str) -> bool:
        """Tell whether a token that was given here is over, by its date and our clock."""
        held = self._held
        if held is None or held.value != token or held.expires_at is None:
            return False
        return held.expires_at <= self._clock()

    def find(self) -> StoredAccess | None:
        """Return what is stored; None where nobody signed up yet."""
        with reading(self._engine) as session:
            return access.find_access(session, self._base_url)

    def postpone(self, reason: str, wait_s: float = _REFUSED_S) -> AccessTokenUnavailable:
        """Tell all processes not to ask before some seconds are over, and why."""
        wait_s = min(wait_s, access.LONGEST_WAIT_S)
        left_out = self._repeats.left_out(reason)
        if left_out is not None:
            log.warning(
                "access_token_unavailable", reason=reason, retry_in_s=wait_s, left_out=left_out
            )
        until = self._clock() + timedelta(seconds=wait_s)
        with unit_of_work(self._engine) as session:
            access.postpone_renewal(session, self._base_url, until=until, error=reason)
        return AccessTokenUnavailable(reason, retry_after_s=wait_s)

    def _will_do(self, token: AccessToken, known: str | None, refused: str | None) -> bool:
        """Tell whether to try a stored token: it seems good, or is new, whatever our clock."""
        is_new = token.value not in (known, refused)
        return is_new or self._seems_good(token, refused)

    def _seems_good(self, token: AccessToken, refused: str | None) -> bool:
        if token.value == refused:
            return False
        return token.expires_at is None or self._clock() < token.expires_at

    def _raise_if_hopeless(self, stored: StoredAccess, deadline: float) -> None:
        """Raise where no token can come before the deadline."""
        wait_s = (stored.renewable_at - self._clock()).total_seconds()
        left_s = deadline - time.monotonic()
        if left_s <= 0 or (stored.last_error and wait_s > min(left_s, _ASK_AGAIN_S)):
            if stored.last_error:
                raise AccessTokenUnavailable(stored.last_error, retry_after_s=wait_s)
            reason = "an access token is still being obtained"
            raise AccessTokenUnavailable(reason, retry_after_s=_ASK_AGAIN_S)

    def _begin_renewal(self, known: str | None) -> None:
        """Ask for a new token in a thread of its own, unless another process is faster."""
        now = self._clock()
        # Connecting and answering may take the time-out each.
        until = now + timedelta(seconds=2 * self._sign_up_timeout_s + 1)
        with unit_of_work(self._engine) as session:
            ours = access.claim_renewal(session, self._base_url, known, now=now, until=until)
        if ours:
            # What it logs and sends carries the id of the request that needs the token.
            renew = partial(copy_context().run, self._renew, known)
            threading.Thread(target=renew, name="sign-up", daemon=True).start()

    def _renew(self, known: str | None) -> None:
        # Whatever goes wrong: the right to renew ends by itself, and somebody tries again.
        try:
            self._sign_up(known)
        except DATABASE_UNAVAILABLE as error:
            log.warning("database_unavailable", reason=first_line(error))
        except Exception:
            log.exception("sign_up_crashed")
        finally:
            self._renewed.set()

    def _sign_up(self, known: str | None) -> None:
        try:
            token = self._client.sign_up(timeout_s=self._sign_up_timeout_s)
        except AnotherTokenValid as error:
            # One that only our clock takes for expired may be the one that lives.
            not_ours = ", and it is not ours" if known in (None, self._refused) else ""
            self.postpone(f"{error}{not_ours}", _ASK_AGAIN_S)
        except OffersServiceUnavailable as error:
            self.postpone(str(error), error.retry_after_s or _UNAVAILABLE_S)
        except OffersServiceError as error:
            self.postpone(f"sign-up refused: {error}")
        else:
            self._store(token)

    def _store(self, token: AccessToken) -> None:
        """Store a token, however long the database is away: it cannot be had again."""
        while True:
            try:
                with unit_of_work(self._engine) as session:
                    access.store_token(session, self._base_url, token, now=self._clock())
                break
            except DATABASE_UNAVAILABLE as error:
                log.warning("access_token_not_stored", reason=first_line(error))
                time.sleep(_ASK_AGAIN_S)
        self._repeats.forget()
        log.info("access_token_obtained", expires_at=token.expires_at)
