"""Taking turns: who locks many rows that somebody else may lock as well."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

#: The server ends a transaction that has the turn and does nothing with it.
_LONGEST_IDLE = "10s"


class Turn(IntEnum):
    """What can be one transaction's alone. The numbers are locks of PostgreSQL's."""

    CLAIMS = 5_221_001
    """Locking rows of ``product_sync`` by when they are due."""
    SEALS = 5_221_002
    """The same of ``price_seals``."""


def take_turn(session: Session, turn: Turn) -> None:
    """Wait until nobody else has the turn, and keep it until the transaction ends.

    In which order a statement locks its rows is up to the database's plan: two that lock the
    same ones at once may wait for each other in a circle. Take the turn before any row.
    """
    # On SQLite, who writes is alone anyway.
    if session.get_bind().dialect.name == "postgresql":
        # Only for this transaction, too. A process that is stopped in it would keep all others
        # waiting for as long as it is.
        idle = func.set_config(
            "idle_in_transaction_session_timeout", _LONGEST_IDLE, literal(value=True)
        )
        session.execute(select(idle, func.pg_advisory_xact_lock(turn.value)))
