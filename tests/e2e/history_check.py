"""The check after every drill: what is told and stored is what was answered, fact for fact."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Engine

from aggregator.db import reading
from aggregator.history.detail import Event
from tests.e2e.answers import Answer, check_polls
from tests.e2e.lives import Life, true_instant
from tests.e2e.reader import Reader
from tests.e2e.replay import Replay, read_events
from tests.e2e.stored_history import StoredHistory


def check_history(
    reader: Reader,
    engine: Engine,
    answers: Mapping[UUID, Sequence[Answer]],
    *,
    interruptions: Collection[int] = (),
    lives: Sequence[Life] = (),
) -> list[StoredHistory]:
    """Compare all of the reader's products with what was answered; return what is stored.

    No poller may run meanwhile. Each product must have been polled at least once.

    :param answers: those that a poller received, by product.
    :param interruptions: when something under way may have been lost: see
        :func:`~tests.e2e.answers.check_polls`.
    :param lives: of the pollers, where their clocks were not right.
    """
    found = []
    for product_id in reader.told:
        events = read_events(reader.read(product_id))
        of_it = answers.get(product_id, ())
        with reading(engine) as session:
            stored = StoredHistory(session, product_id)
            check_product(stored, events, of_it, interruptions=interruptions, lives=lives)
        found.append(stored)
    return found


def check_product(
    stored: StoredHistory,
    events: Sequence[Event],
    answers: Sequence[Answer],
    *,
    interruptions: Collection[int] = (),
    lives: Sequence[Life] = (),
) -> None:
    """Compare all that is told and stored of one product with what was answered."""
    replay = Replay(events, stored.polls)
    check_polls(list_polls(replay, lives), answers, interruptions)
    stored.check(replay)


def list_polls(replay: Replay, lives: Sequence[Life] = ()) -> list[Answer]:
    """Return what each stored poll saw."""
    return [
        Answer(
            true_instant(poll, lives),
            {
                o: (state.price, state.items_in_stock)
                for o, state in replay.listing_at(poll).items()
            },
        )
        for poll in replay.polls
    ]
