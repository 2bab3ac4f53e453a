"""The tokens that clients of the API carry: never the tokens themselves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base


class ApiToken(Base):
    """An API token as the database knows it: enough to recognise it, not to make it."""

    __tablename__ = "api_tokens"
    __table_args__ = (CheckConstraint("scope IN ('read', 'write')", name="scope_known"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the token. Random as the token is, it needs neither salt nor a slow hash."""
    id: Mapped[UUID]
    """What people and logs call the token by."""
    name: Mapped[str] = mapped_column(String(255))
    prefix: Mapped[str] = mapped_column(String(16))
    """The token's first characters, by which its holder knows it in a list."""
    scope: Mapped[str] = mapped_column(String(5))
    """``read``, or ``write``, which includes it."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    """From this instant on it is no longer good; null: for ever."""
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """UTC time of the last use, or of one a minute or two before it; null before the first."""
