"""Of log lines that are alike, the first passes, then one in a while."""

from __future__ import annotations

from aggregator.repeats import Repeats


def test_alike_lines_are_left_out_and_counted() -> None:
    now = 100.0
    repeats = Repeats(every_s=30, clock=lambda: now)
    assert repeats.left_out("away") == 0
    assert repeats.left_out("full") == 0
    assert [repeats.left_out("away") for _ in range(3)] == [None] * 3
    now += 30
    assert repeats.left_out("away") == 3
    assert repeats.left_out("away") is None
    repeats.forget()
    assert repeats.left_out("away") == 0
