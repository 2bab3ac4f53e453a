"""Why the best price changed: offers that left, offers that came, and prices that moved."""

from __future__ import annotations

from typing import NamedTuple

from aggregator.history.change import percent
from aggregator.history.detail import Listing
from aggregator.history.rounding import Exact


class Explanation(NamedTuple):
    """Parts that sum to the absolute change of the best price.

    All but ``replacement`` is None where no offer was buyable at both ends.
    """

    exit: int | None
    """What it cost that cheaper offers left: at least 0."""
    repricing: int | None
    """What the offers that stayed did."""
    entry: int | None
    """What it brought that cheaper offers came: at most 0."""
    replacement: int
    """All of the change, where no offer stayed."""


class LikeForLike(NamedTuple):
    """The change of those offers alone that were buyable at both ends."""

    offers: int
    percent: Exact | None
    """Of the sum of their prices; None where that was 0."""


def explain(start: Listing, end: Listing) -> tuple[Explanation, LikeForLike | None]:
    """Explain the change of the best price between two instants, both with something buyable."""
    old = {id_: offer.price for id_, offer in start.items() if offer.is_buyable}
    new = {id_: offer.price for id_, offer in end.items() if offer.is_buyable}
    stayed = old.keys() & new.keys()
    if not stayed:
        replacement = min(new.values()) - min(old.values())
        return Explanation(None, None, None, replacement), None
    old_best = min(old[id_] for id_ in stayed)
    new_best = min(new[id_] for id_ in stayed)
    explanation = Explanation(
        exit=old_best - min(old.values()),
        repricing=new_best - old_best,
        entry=min(new.values()) - new_best,
        replacement=0,
    )
    old_sum = sum(old[id_] for id_ in stayed)
    new_sum = sum(new[id_] for id_ in stayed)
    like_for_like = percent(old_sum, new_sum) if old_sum else None
    return explanation, LikeForLike(len(stayed), like_for_like)
