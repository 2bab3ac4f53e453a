"""Random histories and random questions about them."""

from __future__ import annotations

from itertools import chain
from uuid import UUID

from hypothesis import strategies as st

from tests.trend.answer import Question
from tests.trend.buckets import BEGINS, MINUTE, fits
from tests.trend.reference import AGGREGATES, DAY, History, Offers
from tests.trend.worked import FIVE_MINUTES, HOUR, WEEK, to_ms

OFFERS = [UUID(int=n) for n in (1, 2, 3)]
ZONES = ["UTC", "Europe/Prague", "America/New_York", "Asia/Kolkata"]
STALE_AFTER = [FIVE_MINUTES, HOUR, WEEK]

#: Before both changes of Prague's clocks, before a month's end, and where hours are whole.
BEGINNINGS = [
    to_ms(written)
    for written in (
        "2026-03-28T21:59:59.999Z",
        "2026-10-24T20:30Z",
        "2026-01-31T18:00Z",
        "2026-05-04T00:00Z",
    )
]
#: Not a step of its own: to the next whole hour.
NEXT_HOUR = 0
STEPS = [1, 999, MINUTE - 1, MINUTE, FIVE_MINUTES, FIVE_MINUTES + 1, NEXT_HOUR, HOUR, 5 * HOUR, DAY]

prices = st.sampled_from([0, 1, 2, 3, 100, 101, 2**53 + 1]) | st.integers(0, 10**6)
stocks = st.sampled_from([9, 9, 1, 0])
snapshots: st.SearchStrategy[Offers] = st.dictionaries(
    st.sampled_from(OFFERS), st.tuples(prices, stocks), max_size=len(OFFERS)
)
#: Of these every one has a price above zero.
on_sale: st.SearchStrategy[Offers] = st.dictionaries(
    st.sampled_from(OFFERS), st.tuples(st.integers(1, 1000), st.just(9)), min_size=1
)


@st.composite
def histories(draw: st.DrawFn, seen_by_polls: st.SearchStrategy[Offers] = snapshots) -> History:
    """Draw up to a dozen polls that lie anywhere between a millisecond and a day apart."""
    steps = st.sampled_from(STEPS) | st.integers(1, 2 * HOUR)
    # None: as before. The number is of polls, a minute apart, that see the same.
    moves = st.tuples(steps, st.none() | seen_by_polls, st.sampled_from([1, 1, 1, 1, 3]))
    at = draw(st.sampled_from(BEGINNINGS))
    seen: Offers = {}
    polls: list[tuple[int, Offers]] = []
    for step, snapshot, times in draw(st.lists(moves, max_size=12)):
        at = at + step if step != NEXT_HOUR else (at // HOUR + 1) * HOUR
        seen = seen if snapshot is None else snapshot
        polls += [(at + n * MINUTE, seen) for n in range(times)]
        at = polls[-1][0]
    return History(tuple(polls[:12]), draw(st.sampled_from(STALE_AFTER)))


def instants(history: History) -> st.SearchStrategy[int]:
    """Draw instants around which a history's trend may go wrong, or any."""
    polled = [at for at, _ in history.polls] or BEGINNINGS[:1]
    first, last = polled[0], polled[-1]
    edges = {
        *chain.from_iterable((at - 1, at, at + 1, at // HOUR * HOUR) for at in polled),
        *chain.from_iterable(
            (at + history.stale_after - 1, at + history.stale_after) for at in polled
        ),
        *(first // HOUR * HOUR - hours * HOUR for hours in (1, 24)),
        *(last // HOUR * HOUR + hours * HOUR for hours in (1, 2, 24)),
    }
    return st.sampled_from(sorted(edges)) | st.integers(first - DAY, last + DAY)


@st.composite
def questions(draw: st.DrawFn, history: History) -> Question:
    """Draw a question about a history: any period, line and choice of the client."""
    ends = st.lists(instants(history), min_size=2, max_size=2, unique=True)
    start, end = sorted(draw(ends))
    tz = draw(st.sampled_from(ZONES))
    fitting = [name for name in BEGINS if fits(name, tz, start, end, at_most=250)]
    seen = sorted({id_ for _, offers in history.polls for id_ in offers})
    offer_id = draw(st.sampled_from([None, None, *seen]))
    return Question(
        start=start,
        end=end,
        tz=tz,
        aggregate="best" if offer_id else draw(st.sampled_from(sorted(AGGREGATES))),
        offer_id=offer_id,
        endpoints=draw(st.sampled_from(["nearest", "strict"])),
        interval=draw(st.sampled_from(["auto", *fitting])),
    )
