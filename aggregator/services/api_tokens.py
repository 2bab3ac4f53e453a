"""API tokens: making, recognising, listing and revoking them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from aggregator.errors import TokenNameTaken, TokenNotFound
from aggregator.models import ApiToken

READ = "read"
#: Includes the right to read.
WRITE = "write"
#: What every token begins with, so that people and secret scanners know one when they see it.
PREFIX = "pa_"
_RANDOM_BYTES = 32
#: How much of a token is shown in lists: far too little to guess the rest from.
_SHOWN = 8
#: Uses that follow one another faster are not all written down.
USE_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class StoredToken:
    """What is known of a token: all but the token itself."""

    id: UUID
    name: str
    prefix: str
    scope: str
    """``read`` or ``write``."""
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def state(self, now: datetime) -> str:
        """Return ``active``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


def create_token(
    session: Session, *, name: str, scope: str, expires_at: datetime | None, now: datetime
) -> tuple[StoredToken, str]:
    """Make a token. Return what is stored of it, and the token, which is not.

    :param scope: ``read`` or ``write``.
    :param expires_at: None: it is good until it is revoked.
    :raises TokenNameTaken: A good token has this name.
    """
    taken = select(ApiToken.id).where(ApiToken.name == name, _is_good(now)).limit(1)
    if session.scalar(taken) is not None:
        raise TokenNameTaken(name)
    text = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    token = ApiToken(
        digest=_digest(text),
        id=uuid4(),
        name=name,
        prefix=text[:_SHOWN],
        scope=scope,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(token)
    return _stored(token), text


def find_token(session: Session, text: str, *, now: datetime) -> StoredToken | None:
    """Return the good token that a client sent; None where it is unknown, expired or revoked."""
    digest = _digest(text)
    token = session.scalar(select(ApiToken).where(ApiToken.digest == digest, _is_good(now)))
    # How long a database takes to compare is its own affair. The last word takes no hints.
    return _stored(token) if token and hmac.compare_digest(token.digest, digest) else None


def list_tokens(session: Session) -> list[StoredToken]:
    """Return all tokens that were ever made, oldest first."""
    tokens = session.scalars(select(ApiToken).order_by(ApiToken.created_at, ApiToken.id))
    return [_stored(token) for token in tokens]


def revoke_token(session: Session, id_or_name: str, *, now: datetime) -> None:
    """Make a token useless from now on, or all of a name. What is revoked stays as it is.

    :raises TokenNotFound: There never was such a token.
    """
    named = _is_named(id_or_name)
    if session.scalar(select(ApiToken.id).where(named).limit(1)) is None:
        raise TokenNotFound(id_or_name)
    session.execute(
        update(ApiToken).where(named, ApiToken.revoked_at.is_(None)).values(revoked_at=now)
    )


def note_use(session: Session, token_id: UUID, *, now: datetime) -> None:
    """Write down that a token was used, unless that was done a moment ago."""
    moment_ago = now - USE_RESOLUTION
    session.execute(
        update(ApiToken)
        .where(
            ApiToken.id == token_id,
            or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= moment_ago),
        )
        .values(last_used_at=now)
    )


def _is_good(now: datetime) -> ColumnElement[bool]:
    lives = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
    return ApiToken.revoked_at.is_(None) & lives


def _is_named(id_or_name: str) -> ColumnElement[bool]:
    try:
        return or_(ApiToken.id == UUID(id_or_name), ApiToken.name == id_or_name)
    except ValueError:
        return ApiToken.name == id_or_name


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _stored(token: ApiToken) -> StoredToken:
    return StoredToken(**{name: getattr(token, name) for name in StoredToken.__slots__})
