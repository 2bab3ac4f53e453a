"""Columns of any numbers come back, whatever way they are packed."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.history.codec.blobs import CodecError
from aggregator.history.codec.columns import ColumnReader, ColumnWriter

LONG = 64
lengths = st.sampled_from([0, 1, LONG - 1, LONG, LONG + 1, 200])


@st.composite
def columns(draw: st.DrawFn) -> list[int]:
    """Draw numbers of either sign, of a few bits or many, also short and long columns of one."""
    random = Random(draw(st.integers(0, 2**32)))
    lowest = draw(st.sampled_from([0, -1, 5]) | st.integers(-(2**70), 2**70))
    spread = 2 ** draw(st.integers(0, 64)) - 1
    rarely = draw(st.sampled_from([1, 10]))
    return [
        lowest + (random.randint(0, spread) if random.randrange(rarely) == 0 else 0)
        for _ in range(draw(lengths))
    ]


def content_of(*columns: list[int]) -> bytes:
    """Return the content that holds these columns."""
    writer = ColumnWriter()
    for column in columns:
        writer.column(column)
    return writer.content()


@settings(deadline=None)
@given(parts=st.lists(st.tuples(columns(), st.integers(0, 2**70), st.binary(max_size=9))))
def test_all_that_is_written_comes_back(parts: list[tuple[list[int], int, bytes]]) -> None:
    writer = ColumnWriter()
    for column, number, data in parts:
        writer.column(column)
        writer.number(number)
        writer.raw(data)
    reader = ColumnReader(writer.content())
    for column, number, data in parts:
        assert list(reader.column(len(column))) == column
        assert reader.number() == number
        assert reader.raw(len(data)) == data
    reader.finish()


@pytest.mark.parametrize("n_bits", range(65))
@pytest.mark.parametrize("length", [LONG - 1, LONG, LONG + 1])
def test_columns_of_every_width_come_back(n_bits: int, length: int) -> None:
    random = Random(n_bits)
    column = [0, 2**n_bits - 1, *(random.getrandbits(n_bits + 1) >> 1 for _ in range(length - 2))]
    reader = ColumnReader(content_of(column))
    assert list(reader.column(length)) == column
    reader.finish()


@pytest.mark.parametrize("length", [LONG - 1, LONG])
@pytest.mark.parametrize("smallest", [0, 1, 2])
def test_of_several_columns_the_smallest_is_written(length: int, smallest: int) -> None:
    random = Random(0)
    several = [
        [random.getrandbits(4 if i == smallest else 12) for _ in range(length)] for i in range(3)
    ]
    writer = ColumnWriter()
    writer.smallest(several)
    reader = ColumnReader(writer.content())
    assert reader.number() == smallest
    assert list(reader.column(length)) == several[smallest]
    reader.finish()


def test_column_that_does_not_fit_is_not_chosen() -> None:
    far_apart, narrow = [-1] * LONG + [2**64 - 1], list(range(LONG + 1))
    writer = ColumnWriter()
    writer.smallest([narrow, far_apart])
    assert ColumnReader(writer.content()).number() == 0
    with pytest.raises(OverflowError):
        content_of(far_apart)


def test_several_empty_columns_are_as_good_as_the_first() -> None:
    writer = ColumnWriter()
    writer.smallest([[], []])
    reader = ColumnReader(writer.content())
    assert reader.number() == 0
    assert list(reader.column(0)) == []
    reader.finish()


def test_equal_values_take_next_to_nothing() -> None:
    assert len(content_of([7] * 3_600_000)) < 6


def test_noise_takes_no_more_than_its_bits() -> None:
    random = Random(1)
    noise = [random.getrandbits(8) for _ in range(1000)]
    assert len(content_of(noise)) < 1000 + 20


def test_rare_values_take_little() -> None:
    assert len(content_of([5 if k % 100 == 0 else 0 for k in range(6000)])) < 120


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"\xff\xff\xff", "cannot be inflated", id="not-deflated"),
        pytest.param(b"", "within its deflated stream", id="empty"),
        pytest.param(b"\x03\x00", "within a number", id="no-column"),
        pytest.param(b"\x03\x00\x00\x12", "9 planes", id="too-many-planes"),
        pytest.param(b"\x03\x00\x00\x11", "8 planes", id="too-many-planes-for-a-split"),
        pytest.param(b"\x03\x00\x00\x02", "64 bytes too early", id="no-plane"),
        pytest.param(b"\x03\x00\x00\x01", "32 bytes too early", id="no-nibbles"),
    ],
)
def test_content_that_makes_no_sense_is_found_out(content: bytes, reason: str) -> None:
    with pytest.raises(CodecError, match=reason):
        ColumnReader(content).column(LONG)


def test_what_is_left_over_is_found_out() -> None:
    reader = ColumnReader(content_of([k % 7 for k in range(LONG)]))
    with pytest.raises(CodecError, match="left over"):
        reader.finish()
