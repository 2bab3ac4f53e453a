"""Aggregates speak of the offers that are buyable, and of no other."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from statistics import median
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.history.aggregates import (
    AGGREGATES,
    BEST,
    aggregate_of,
    aggregate_steps,
    best_offer,
    offer_steps,
)
from aggregator.history.bars import Steps, Value
from tests.unit.history.snapshots import (
    LARGEST,
    A,
    B,
    C,
    Snapshot,
    detail_of,
    histories,
    listing,
    snapshots,
)
from tests.unit.history.steps import value_at

D = UUID(int=4)


def price_of(snapshot: Snapshot, aggregate: str) -> Fraction | None:
    """Return what the definition says of a snapshot."""
    prices = [Fraction(price) for price, stock in snapshot.values() if stock]
    if not prices:
        return None
    if aggregate == BEST:
        return min(prices)
    return sum(prices, Fraction(0)) / len(prices) if aggregate == "mean" else median(prices)


def check(found: Value, expected: Fraction | None, aggregate: str) -> None:
    """Compare values: exactly where the definition asks for it."""
    if expected is None or aggregate == BEST:
        assert found == expected
        assert not isinstance(found, float)
    else:
        assert found is not None
        assert float(found) == pytest.approx(float(expected), rel=1e-9)


def test_best_is_the_default_and_comes_first() -> None:
    assert AGGREGATES == ("best", "mean", "median")


@pytest.mark.parametrize(
    ("offers", "best", "mean", "middle"),
    [
        pytest.param({}, None, None, None, id="nothing"),
        pytest.param({A: (5, 0), B: (6, 0)}, None, None, None, id="sold-out"),
        pytest.param({A: (5, 1)}, 5, 5, 5, id="one-offer"),
        pytest.param({A: (0, 1)}, 0, 0, 0, id="for-free"),
        pytest.param({A: (1, 0), B: (6, 1)}, 6, 6, 6, id="the-cheapest-is-sold-out"),
        pytest.param({A: (5, 1), B: (5, 2)}, 5, 5, 5, id="tie"),
        pytest.param({A: (100, 9), B: (110, 9), C: (200, 9)}, 100, 410 / 3, 110, id="11"),
        pytest.param({A: (3, 1), B: (4, 1)}, 3, 3.5, 3.5, id="two"),
        pytest.param({A: (9, 1), B: (1, 1), C: (4, 1), D: (3, 1)}, 1, 4.25, 3.5, id="four"),
        pytest.param(
            {A: (LARGEST, LARGEST), B: (LARGEST, 1)}, LARGEST, 2.0**63, 2.0**63, id="largest"
        ),
        pytest.param({A: (2**53 + 1, 1)}, 2**53 + 1, 2.0**53, 2**53 + 1, id="beyond-doubles"),
    ],
)
def test_aggregates_of_a_listing(offers: Snapshot, best: Value, mean: Value, middle: Value) -> None:
    found = [aggregate_of(listing(offers), aggregate) for aggregate in AGGREGATES]
    assert found == [best, mean, middle]


@pytest.mark.parametrize("aggregate", AGGREGATES)
@given(offers=snapshots)
def test_aggregate_of_a_listing_is_what_the_definition_says(
    aggregate: str, offers: Snapshot
) -> None:
    check(aggregate_of(listing(offers), aggregate), price_of(offers, aggregate), aggregate)


@pytest.mark.parametrize("aggregate", AGGREGATES)
@given(polls=histories(), before=snapshots)
def test_aggregate_of_a_detail_follows_its_listings(
    aggregate: str, polls: dict[int, Snapshot], before: Snapshot
) -> None:
    detail = detail_of(polls, opening=listing(before, -5))
    steps = aggregate_steps(detail, aggregate)
    assert begins_and_increases(steps, detail.start)
    for at in (0, *polls):
        assert value_at(steps, at) == aggregate_of(detail.listing_at(at), aggregate)


@given(polls=histories(), before=snapshots, offer_id=st.sampled_from([A, B, C, D]))
def test_offer_follows_its_own_price_while_it_is_buyable(
    polls: dict[int, Snapshot], before: Snapshot, offer_id: UUID
) -> None:
    detail = detail_of(polls, opening=listing(before, -5))
    steps = offer_steps(detail, offer_id)
    assert begins_and_increases(steps, detail.start)
    for at in (0, *polls):
        offer = detail.listing_at(at).get(offer_id)
        assert value_at(steps, at) == (offer.price if offer and offer.is_buyable else None)


def begins_and_increases(steps: Steps, start: int) -> bool:
    """Tell whether a function begins where it should, and has no step without time."""
    increases = all(a < b for a, b in pairwise(steps.times))
    return steps.times[0] == start and increases and len(steps.times) == len(steps.values)


@pytest.mark.parametrize("at", [0, 1])
def test_opening_state_has_no_time_where_a_poll_comes_at_once(at: int) -> None:
    detail = detail_of({at: {A: (8, 1)}}, opening=listing({A: (5, 1)}))
    expected = Steps([0], [8]) if at == 0 else Steps([0, 1], [5, 8])
    for steps in (aggregate_steps(detail, BEST), offer_steps(detail, A)):
        assert (list(steps.times), list(steps.values)) == (expected.times, expected.values)


def test_detail_without_offers_has_no_price_at_any_time() -> None:
    steps = aggregate_steps(detail_of({5: {}}), BEST)
    assert set(steps.values) == {None}


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({A: (1, 0)}, None, id="sold-out"),
        pytest.param({A: (9, 1), B: (8, 1), C: (7, 0)}, B, id="cheapest-buyable"),
        pytest.param({C: (5, 1), B: (5, 1), A: (6, 1)}, B, id="tie-by-id"),
        pytest.param({C: (0, 1), B: (5, 1)}, C, id="for-free"),
    ],
)
def test_best_offer_is_the_cheapest_buyable_one(offers: Snapshot, expected: UUID | None) -> None:
    assert best_offer(listing(offers)) == expected


@given(offers=snapshots)
def test_best_offer_has_the_best_price(offers: Snapshot) -> None:
    best = aggregate_of(listing(offers), BEST)
    chosen = best_offer(listing(offers))
    assert (offers[chosen][0] if chosen else None) == best
