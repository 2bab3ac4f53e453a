"""Doubles become whole numbers and come back bit by bit."""

from __future__ import annotations

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.history.codec.doubles import (
    bits_to_double,
    double_to_bits,
    fold_double,
    unfold_double,
)


@given(number=st.floats() | st.floats(-1000, 1000))
def test_doubles_come_back_bit_by_bit(number: float) -> None:
    bits = pack("<d", number)
    assert fold_double(number) >= 0
    assert pack("<d", unfold_double(fold_double(number))) == bits
    assert pack("<d", bits_to_double(double_to_bits(number))) == bits


def test_of_too_many_bits_the_lowest_count() -> None:
    assert bits_to_double(double_to_bits(1.5) + 2**64) == 1.5
    assert bits_to_double(double_to_bits(-1.5) - 2**64) == -1.5


@pytest.mark.parametrize(
    ("number", "folded"), [(0.0, 0), (1.0, 1), (-1.0, 2), (1.0 - 2**-53, 3), (1.0 + 2**-52, 5)]
)
def test_doubles_near_one_fold_to_small_numbers(number: float, folded: int) -> None:
    assert fold_double(number) == folded
