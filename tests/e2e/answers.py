"""What the offers service answered, and which of it came to be stored."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

#: Price and stock of each listed offer.
Figures = Mapping[UUID, tuple[int, int]]


class Answer(NamedTuple):
    """One good answer to a call for a product's offers, or the poll that stored it."""

    at: int
    """Milliseconds since 1970, by the true clock."""
    figures: Figures


def list_answers(log: Iterable[Mapping[str, Any]]) -> dict[UUID, list[Answer]]:
    """Return the good answers for each product, in order.

    :param log: of the sandbox.
    """
    answers: defaultdict[UUID, list[Answer]] = defaultdict(list)
    for entry in log:
        if entry["status"] == 200:
            figures = {UUID(o["id"]): (o["price"], o["items_in_stock"]) for o in entry["offers"]}
            answer = Answer(int(entry["at"] * 1000), figures)
            answers[UUID(entry["product_id"])].append(answer)
    for of_one in answers.values():
        of_one.sort(key=lambda answer: answer.at)
    return dict(answers)


def check_polls(
    polls: Iterable[Answer], answers: Sequence[Answer], interruptions: Iterable[int] = ()
) -> None:
    """Check that the stored polls of a product are what was answered, one for one.

    A poll is that of the last answer before it: nobody asks about a product again before the
    answer is stored.

    :param answers: all of the product's that a poller received, in order.
    :param interruptions: instants at which something under way may have been lost: of a product
        at most one answer each, the last before it or the first after it.
    """
    stored = []
    for poll in polls:
        index = bisect_right(answers, poll.at, key=lambda answer: answer.at) - 1
        assert index >= 0, f"a poll at {poll.at}, before any answer"
        assert answers[index].figures == poll.figures, f"the poll at {poll.at} was never answered"
        stored.append(index)
    assert stored == sorted(set(stored)), "an answer was stored twice"
    lost = sorted(set(range(len(answers))) - set(stored))
    for instant in sorted(interruptions):
        after = bisect_left(answers, instant, key=lambda answer: answer.at)
        excused = next((index for index in lost if index in (after - 1, after)), None)
        if excused is not None:
            lost.remove(excused)
    assert not lost, f"never stored: the answers at {[answers[index].at for index in lost]}"
