"""The stored access token: reading it, and the right to renew it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from aggregator.models import OffersServiceToken
from aggregator.offers_errors import AnotherTokenValid
from aggregator.offers_wire import AccessToken
from aggregator.recordset import dialect_insert

#: No right to renew is held, and no refusal heeded, for longer.
LONGEST_WAIT_S = 60.0


class AccessState(StrEnum):
    """How the access stands, as far as that is known without asking the service."""

    NONE_STORED = "none stored"
    EXPIRED = "expired"
    REFUSED = "refused"
    """By its date the token is good, but another was asked for since, and not given."""
    VALID = "valid"


@dataclass(frozen=True, slots=True)
class StoredAccess:
    """What the database knows of the access to one offers service."""

    token: AccessToken | None
    obtained_at: datetime | None
    renewable_at: datetime
    last_error: str | None

    @property
    def value(self) -> str | None:
        """The token's text, None where there is no token."""
        return self.token.value if self.token else None

    @property
    def another_is_valid(self) -> bool:
        """Tell whether the service gave no token because another one lives."""
        return str(AnotherTokenValid()) in (self.last_error or "")

    def state(self, now: datetime) -> AccessState:
        """Return how the access stands."""
        if self.token is None:
            return AccessState.NONE_STORED
        if self.token.expires_at is not None and self.token.expires_at <= now:
            return AccessState.EXPIRED
        return AccessState.REFUSED if self.last_error else AccessState.VALID

    def is_renewable(self, now: datetime) -> bool:
        """Tell whether a new token may be asked for now."""
        return not now < self.renewable_at <= now + timedelta(seconds=LONGEST_WAIT_S)


def find_access(session: Session, base_url: str) -> StoredAccess | None:
    """Return what is stored for this base URL; None where nothing is."""
    row = session.get(OffersServiceToken, base_url)
    if row is None:
        return None
    token = AccessToken(row.token, row.expires_at) if row.token is not None else None
    return StoredAccess(token, row.obtained_at, row.renewable_at, row.last_error)


def claim_renewal(
    session: Session, base_url: str, known: str | None, *, now: datetime, until: datetime
) -> bool:
    """Take the right to ask for a new token until an instant; False where another has it.

    :param known: the stored token that is no longer good; nothing is claimed where another
        has been stored meanwhile.
    """
    row = OffersServiceToken
    session.execute(
        dialect_insert(session, row)
        .values(base_url=base_url, renewable_at=now)
        .on_conflict_do_nothing()
    )
    claimed = session.execute(
        update(row)
        .where(
            row.base_url == base_url,
            row.token.is_not_distinct_from(known),
            # Further ahead than anybody sets it: the clock was turned back meanwhile.
            or_(
                row.renewable_at <= now, row.renewable_at > now + timedelta(seconds=LONGEST_WAIT_S)
            ),
        )
        .values(renewable_at=until, last_error=None)
        .returning(row.base_url)
    )
    return claimed.first() is not None


def store_token(session: Session, base_url: str, token: AccessToken, *, now: datetime) -> None:
    """Store a new token and give the right to renew it back."""
    _update(
        session,
        base_url,
        token=token.value,
        expires_at=token.expires_at,
        obtained_at=now,
        renewable_at=now,
        last_error=None,
    )


def postpone_renewal(session: Session, base_url: str, *, until: datetime, error: str) -> None:
    """Keep everybody from asking for a token until an instant, and say why."""
    _update(session, base_url, renewable_at=until, last_error=error)


def _update(session: Session, base_url: str, **values: object) -> None:
    row = OffersServiceToken
    session.execute(update(row).where(row.base_url == base_url).values(**values))
