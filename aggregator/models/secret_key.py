"""The key that all processes sign with, where the operator sets none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from aggregator.db import Base


class SecretKey(Base):
    """The one key. Whoever deletes it makes what was signed with it void."""

    __tablename__ = "secret_keys"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
