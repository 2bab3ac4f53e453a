"""The access tokens of offers services, shared by all processes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base


class OffersServiceToken(Base):
    """The stored access token of one offers service. Usually there is one row."""

    __tablename__ = "offers_service_token"

    base_url: Mapped[str] = mapped_column(Text, primary_key=True)
    """Where the token came from: it is never sent anywhere else."""
    token: Mapped[str | None] = mapped_column(Text)
    """Null while none was obtained."""
    obtained_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """UTC time by the service's clock; null where the token does not say (generation 1)."""
    renewable_at: Mapped[datetime]
    """Nobody asks for a new token before. Whoever asks moves it on first: the lock."""
    last_error: Mapped[str | None] = mapped_column(Text)
    """Why the last request for a token gave none; null where it did."""
