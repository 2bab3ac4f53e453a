"""The past of one product, rebuilt from the events that the API told and nothing else."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from aggregator.clock import to_ms
from aggregator.history.detail import Event, Listing, OfferState


def read_events(lines: Iterable[str]) -> list[Event]:
    """Return the events of a stream of NDJSON."""
    events = []
    for line in lines:
        told = json.loads(line)
        at, offer_id = to_ms(datetime.fromisoformat(told["at"])), UUID(told["offer_id"])
        events.append(Event(**(told | {"at": at, "offer_id": offer_id})))
    return events


class Replay:
    """What was listed when. Fails where an event contradicts the ones before it.

    :param events: all of them, as they were told.
    :param polls: all successful polls, in milliseconds since 1970.
    """

    def __init__(self, events: Sequence[Event], polls: Sequence[int]) -> None:
        assert list(events) == sorted(set(events), key=attrgetter("at", "offer_id"))
        assert list(polls) == sorted(set(polls))
        self.events = events
        self.polls = polls
        self._listings: list[Listing] = [{}]
        changes = {at: list(group) for at, group in groupby(events, key=attrgetter("at"))}
        assert changes.keys() <= set(polls), "a change that no poll saw"
        for poll in polls:
            self._listings.append(_follow(self._listings[-1], changes.get(poll, [])))

    def listing_at(self, instant: int) -> Listing:
        """Return what the last poll at or before an instant saw."""
        return self._listings[bisect_right(self.polls, instant)]

    def last_poll(self, instant: int) -> int | None:
        """Return the last poll at or before an instant; None where there was none."""
        n_before = bisect_right(self.polls, instant)
        return self.polls[n_before - 1] if n_before else None


def _follow(listing: Listing, events: Iterable[Event]) -> Listing:
    """Return what was listed after the events of one instant."""
    after = dict(listing)
    for event in events:
        before = after.pop(event.offer_id, None)
        if event.price is None or event.items_in_stock is None:
            assert before is not None, f"{event} ended what was not listed"
            assert event == Event(event.at, event.offer_id, None, None, "ended")
            continue
        state = OfferState(event.price, event.items_in_stock, event.at)
        assert before is None or before[:2] != state[:2], f"{event} changed nothing"
        assert event.event == ("listed" if before is None else "changed")
        after[event.offer_id] = state
    return after
