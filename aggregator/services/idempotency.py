"""Idempotency keys: a request that is sent again is answered again, and not carried out again.

First a key is claimed, in a transaction of its own. What the request changes and the answer as
it is then are stored in one transaction. The last answer replaces that one, and the lease ends.
Who dies on the way leaves a lease that ends by itself: before the change another attempt may
begin then, after it the stored answer is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, and_, delete, or_, select, tuple_, update
from sqlalchemy.orm import Session

from aggregator.errors import IdempotencyKeyInUse, IdempotencyKeyReused
from aggregator.models import IdempotencyKey
from aggregator.recordset import dialect_insert
from aggregator.services.claims import lease_end

#: How long a key and its answer are remembered.
LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client was, or would have been, answered."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class KeyLease:
    """The right to carry out the request with a key.

    ``until`` is the fence: nothing is stored unless it is still what the row holds.
    """

    client: str
    key: str
    until: datetime


def claim_key(
    session: Session, client: str, key: str, fingerprint: bytes, *, now: datetime
) -> KeyLease | Answer:
    """Claim a key for a request, or return the answer that the request got before.

    :param client: whose key it is.
    :param fingerprint: SHA-256 of the request.
    :raises IdempotencyKeyReused: The key came with another request.
    :raises IdempotencyKeyInUse: The request is under way.
    """
    row = IdempotencyKey
    lease = KeyLease(client, key, lease_end(now))
    fresh = dialect_insert(session, row).values(
        client=client, key=key, fingerprint=fingerprint, created_at=now, leased_until=lease.until
    )
    abandoned = and_(row.leased_until <= now, row.status.is_(None), row.fingerprint == fingerprint)
    claimed = session.execute(
        fresh.on_conflict_do_update(
            index_elements=[row.client, row.key],
            set_={
                "fingerprint": fresh.excluded.fingerprint,
                "created_at": fresh.excluded.created_at,
                "leased_until": fresh.excluded.leased_until,
                "status": None,
                "headers": None,
                "body": None,
            },
            where=or_(row.created_at <= now - LIFETIME, abandoned),
        ).returning(row.key)
    )
    if claimed.first() is not None:
        return lease
    return _find_answer(session, client, key, fingerprint, now)


def keep_answer(session: Session, lease: KeyLease, answer: Answer) -> None:
    """Store an answer in the transaction that makes it true. The key stays claimed.

    :raises IdempotencyKeyInUse: The lease ended, and another attempt has begun.
    """
    kept = session.execute(_storing(lease, answer).returning(IdempotencyKey.key))
    if kept.first() is None:
        raise IdempotencyKeyInUse


def finish(session: Session, lease: KeyLease, answer: Answer) -> None:
    """Store the last answer and end the lease; nothing where it was lost."""
    session.execute(_storing(lease, answer).values(leased_until=None))


def give_up(session: Session, lease: KeyLease) -> None:
    """End the lease of a request that failed: with no answer kept, the key is free again."""
    session.execute(delete(IdempotencyKey).where(_is_ours(lease), IdempotencyKey.status.is_(None)))
    session.execute(update(IdempotencyKey).where(_is_ours(lease)).values(leased_until=None))


def delete_expired_keys(session: Session, *, now: datetime, limit: int) -> int:
    """Delete keys whose time is over, at most ``limit``; return how many."""
    row = IdempotencyKey
    is_expired = row.created_at <= now - LIFETIME
    oldest = select(row.client, row.key).where(is_expired).order_by(row.created_at).limit(limit)
    deleted = session.execute(
        delete(row)
        # Asked again: one of them may have been claimed meanwhile.
        .where(tuple_(row.client, row.key).in_(oldest), is_expired)
        .returning(row.key)
        .execution_options(synchronize_session=False)
    )
    return len(deleted.all())


def _find_answer(
    session: Session, client: str, key: str, fingerprint: bytes, now: datetime
) -> Answer:
    row = session.get(IdempotencyKey, (client, key))
    if row is None:
        # It was given up this very moment.
        raise IdempotencyKeyInUse
    if row.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    is_leased = row.leased_until is not None and row.leased_until > now
    if is_leased or row.status is None or row.headers is None or row.body is None:
        raise IdempotencyKeyInUse
    return Answer(row.status, row.headers, row.body)


def _storing(lease: KeyLease, answer: Answer) -> Update:
    values = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    return update(IdempotencyKey).where(_is_ours(lease)).values(values)


def _is_ours(lease: KeyLease) -> ColumnElement[bool]:
    row = IdempotencyKey
    return and_(row.client == lease.client, row.key == lease.key, row.leased_until == lease.until)
