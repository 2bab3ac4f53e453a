"""A thing is done once for all who ask meanwhile, and anew for who asks later."""

from __future__ import annotations

from itertools import count
from threading import Event

import pytest

from aggregator.single_flight import SingleFlight


def test_all_who_ask_meanwhile_wait_for_the_same_and_not_too_long() -> None:
    looks: list[str] = []
    begun, goes_on = Event(), Event()

    def look() -> None:
        looks.append("look")
        begun.set()
        goes_on.wait(20)

    flight = SingleFlight(look, within_s=0.01)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            flight.result()
    assert begun.wait(20)
    goes_on.set()
    assert len(looks) == 1


def test_who_asks_later_gets_another_result() -> None:
    flight = SingleFlight(count(1).__next__, within_s=20)
    assert [flight.result(), flight.result()] == [1, 2]


def test_what_it_raises_is_raised_to_who_asked_and_not_to_the_next() -> None:
    answers = iter([True, False])

    def look() -> str:
        if next(answers):
            raise LookupError
        return "found"

    flight = SingleFlight(look, within_s=20)
    with pytest.raises(LookupError):
        flight.result()
    assert flight.result() == "found"
