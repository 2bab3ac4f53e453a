"""The key that all processes sign with, where the operator sets none."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.models import SecretKey
from aggregator.recordset import dialect_insert

_ONLY = 1
_N_BYTES = 32


def find_secret_key(session: Session) -> str | None:
    """Return the key; None where there is none yet."""
    return session.execute(select(SecretKey.key)).scalar_one_or_none()


def obtain_secret_key(session: Session, *, now: datetime) -> str:
    """Return the key, making it where there is none: whoever asks, on any host, gets the same."""
    session.execute(
        dialect_insert(session, SecretKey)
        .values(id=_ONLY, key=secrets.token_urlsafe(_N_BYTES), created_at=now)
        .on_conflict_do_nothing()
    )
    return session.execute(select(SecretKey.key)).scalar_one()
