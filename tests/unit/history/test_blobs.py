"""Blobs are sealed, and what stands in them is read back or found to be missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.history.codec.blobs import (
    CodecError,
    Reader,
    fold,
    seal,
    unfold,
    unseal,
    write_number,
)


def test_seal_is_as_it_is_written_down() -> None:
    # The checksum, reckoned elsewhere, is that of fe ff ff ff ff ff ff ff 07 "content".
    assert seal(b"content", -2, 7) == bytes.fromhex("07 30b1d1bc") + b"content"


@given(content=st.binary(), start=st.integers(-(2**63), 2**63 - 1), version=st.integers(0, 255))
def test_sealed_content_comes_back(content: bytes, start: int, version: int) -> None:
    assert unseal(seal(content, start, version), start, version) == content


@pytest.mark.parametrize("start", [0, 2, -1])
def test_content_of_another_hour_does_not_come_back(start: int) -> None:
    with pytest.raises(CodecError, match="damaged, or not of the hour"):
        unseal(seal(b"content", 1, 1), start, 1)


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), (2**64, "80808080808080808002")],
)
def test_numbers_are_leb128(number: int, written: str) -> None:
    assert write_number(number).hex() == written
    assert Reader(bytes.fromhex(written)).number() == number


@given(numbers=st.lists(st.integers(0, 2**90)))
def test_numbers_come_back_one_by_one(numbers: list[int]) -> None:
    reader = Reader(b"".join(write_number(number) for number in numbers))
    assert [reader.number() for _ in numbers] == numbers
    reader.finish()


def test_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 is negative"):
        write_number(-1)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff\xff"])
def test_number_without_an_end_is_found_out(data: bytes) -> None:
    with pytest.raises(CodecError, match="within a number"):
        Reader(data).number()


def test_bytes_that_are_missing_or_left_over_are_found_out() -> None:
    reader = Reader(b"abc")
    assert reader.take(2) == b"ab"
    with pytest.raises(CodecError, match="1 bytes are left over"):
        reader.finish()
    with pytest.raises(CodecError, match="4 bytes too early"):
        reader.take(5)


@pytest.mark.parametrize(("number", "folded"), [(0, 0), (-1, 1), (1, 2), (-2, 3), (2, 4)])
def test_folding_keeps_small_numbers_small(number: int, folded: int) -> None:
    assert fold(number) == folded


@given(number=st.integers())
def test_folded_numbers_come_back(number: int) -> None:
    assert fold(number) >= 0
    assert unfold(fold(number)) == number
