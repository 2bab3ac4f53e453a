"""What happened to offers, in words."""

from __future__ import annotations

from uuid import UUID

import pytest

from aggregator.history.detail import Event, OfferState
from aggregator.web.event_words import tell_event, tell_events

A, B = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("before", "event", "words"),
    [
        (None, Event(1, A, 950, 3, "listed"), "listed at 950, 3 in stock"),
        (None, Event(1, A, 950, 0, "listed"), "listed at 950, sold out"),
        (None, Event(1, A, 950, 3, "changed"), "now 950, 3 in stock"),
        (OfferState(950, 3, 0), Event(1, A, 920, 3, "changed"), "950 → 920"),
        (OfferState(950, 3, 0), Event(1, A, 920, 2, "changed"), "950 → 920, stock 3 → 2"),
        (OfferState(950, 3, 0), Event(1, A, 950, 0, "changed"), "sold out"),
        (OfferState(950, 0, 0), Event(1, A, 950, 7, "changed"), "back with 7 in stock"),
        (OfferState(950, 3, 0), Event(1, A, None, None, "ended"), "ended, last at 950"),
        (None, Event(1, A, None, None, "ended"), "ended"),
    ],
)
def test_change_is_told_against_what_was_before(
    before: OfferState | None, event: Event, words: str
) -> None:
    assert tell_event(event, before) == words


def test_each_change_is_told_against_the_one_before_it() -> None:
    newest_first = [
        Event(4, A, 900, 3, "listed"),
        Event(3, A, None, None, "ended"),
        Event(2, A, 920, 3, "changed"),
        Event(1, B, 990, 1, "changed"),
    ]
    told = tell_events(newest_first, {A: OfferState(950, 3, 0)})
    assert [(event.at, event.words) for event in told] == [
        (4, "listed at 900, 3 in stock"),
        (3, "ended, last at 920"),
        (2, "950 → 920"),
        (1, "now 990, 1 in stock"),
    ]
