"""Turns are taken in the order in which they were asked for."""

from __future__ import annotations

from collections.abc import Sized
from concurrent.futures import ThreadPoolExecutor

from aggregator.http.turns import Turns
from tests.waiting import wait_until


def test_who_has_waited_for_longest_is_next() -> None:
    turns = Turns(2)
    order: list[int] = []

    def come(number: int) -> None:
        assert turns.wait(30)
        order.append(number)

    assert turns.wait(0)
    assert turns.wait(0)
    with ThreadPoolExecutor() as pool:
        for number in range(5):
            pool.submit(come, number)
            _wait_for(turns._waiting, number + 1)
        for number in range(5):
            turns.end()
            _wait_for(order, number + 1)
            # Whoever comes now does not get what others wait for.
            assert number == 4 or not turns.wait(0)
    assert order == [0, 1, 2, 3, 4]


def _wait_for(found: Sized, n: int) -> None:
    wait_until(lambda: len(found) == n)


def test_who_gave_up_is_passed_over() -> None:
    turns = Turns(1)
    assert turns.wait(0)
    assert not turns.wait(0.01)
    turns.end()
    assert turns.wait(0)
    assert not turns.wait(0)
