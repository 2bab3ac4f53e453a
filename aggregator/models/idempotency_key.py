"""The idempotency keys of clients, with the answers that were given."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base


class IdempotencyKey(Base):
    """A key under which a client sent a request."""

    __tablename__ = "idempotency_keys"

    client: Mapped[str] = mapped_column(String(255), primary_key=True)
    """Whose key it is: two clients may use the same one."""
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[bytes]
    """SHA-256 of the request."""
    created_at: Mapped[datetime] = mapped_column(index=True)
    leased_until: Mapped[datetime | None]
    """Until when the request counts as under way; null when it is over. What its process does
    is stored only while this is still what it set."""
    status: Mapped[int | None]
    """Status of the answer; null, as headers and body, until something was changed."""
    headers: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    body: Mapped[bytes | None]
