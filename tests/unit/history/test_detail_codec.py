"""The detail of an hour survives being a blob, and a blob that is damaged is found out."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.history.bars import MS_PER_HOUR
from aggregator.history.codec.blobs import CodecError, seal
from aggregator.history.codec.columns import ColumnWriter
from aggregator.history.codec.detail import decode_detail, encode_detail
from aggregator.history.detail import Change, Detail, Listing, OfferState, make_detail
from tests.unit.history.hours import START, busy_hour, eventful_hours, fixed_hour, quiet_hour
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

LAST_MS = MS_PER_HOUR - 1
#: A leaves and returns, B never changes, C comes and sells out.
EVENTFUL = detail_of(
    {
        0: {A: (100, 3), B: (200, 7)},
        60_010: {B: (200, 7), C: (300, 1)},
        120_020: {B: (200, 7), C: (300, 1)},
        180_005: {A: (90, 2), B: (200, 7), C: (310, 0)},
        LAST_MS: {A: (LARGEST, 2), B: (200, 7), C: (310, 0)},
    },
    opening={A: OfferState(100, 4, -5), B: OfferState(200, 7, -(10**11))},
    last_poll=-60_000,
)


def round_trip(detail: Detail) -> Detail:
    """Return what a detail is after it was a blob."""
    return decode_detail(encode_detail(detail), detail.start, detail.offers)


@given(
    polls=histories(),
    before=snapshots,
    last_poll=st.none() | st.integers(-(10**13), -1),
    changed_at=st.integers(-(10**13), -1),
)
def test_every_detail_comes_back(
    polls: dict[int, Snapshot], before: Snapshot, last_poll: int | None, changed_at: int
) -> None:
    detail = detail_of(polls, opening=listing(before, changed_at), last_poll=last_poll)
    assert round_trip(detail) == detail


@settings(deadline=None)
@given(detail=eventful_hours())
def test_every_detail_of_many_changes_comes_back(detail: Detail) -> None:
    assert round_trip(detail) == detail


NO_OFFERS: Listing = {}
MANY = [UUID(int=n << 100) for n in range(300)]
MOVING_TOGETHER = {
    k: {
        id_: (5000 + k * 7919 % 997 + k % n, 9)
        for n, id_, polls in ((1, A, range(90)), (2, B, range(20, 50)), (3, C, range(9, 99, 2)))
        if k in polls
    }
    for k in range(99)
}


@pytest.mark.parametrize(
    ("polls", "opening"),
    [
        pytest.param({}, NO_OFFERS, id="nothing"),
        pytest.param({}, listing({A: (5, 5)}, -9), id="no-polls"),
        pytest.param({9: {}}, NO_OFFERS, id="no-offers"),
        pytest.param({0: {A: (5, 5)}}, NO_OFFERS, id="first-millisecond"),
        pytest.param({LAST_MS: {A: (5, 5)}}, NO_OFFERS, id="last-millisecond"),
        pytest.param({9: {}}, listing({A: (5, 5)}, -9), id="all-end"),
        pytest.param(
            {k * 999: {A: (k, k)} for k in range(3600)}, NO_OFFERS, id="polls-each-second"
        ),
        pytest.param(
            {k: {A: (k % 2 * LARGEST, LARGEST - k % 2 * LARGEST)} for k in range(200)},
            NO_OFFERS,
            id="from-one-extreme-to-the-other",
        ),
        pytest.param(MOVING_TOGETHER, NO_OFFERS, id="offers-that-come-and-go-move-together"),
        pytest.param(
            {k: {id_: (n + 7 * k, k) for n, id_ in enumerate(MANY)} for k in range(5)},
            listing(dict.fromkeys(MANY, (LARGEST, LARGEST)), -9),
            id="300-offers",
        ),
    ],
)
def test_unusual_hours_come_back(polls: dict[int, Snapshot], opening: Listing) -> None:
    detail = detail_of(polls, opening=opening)
    assert round_trip(detail) == detail


def test_changes_that_change_nothing_come_back() -> None:
    changes = [Change(5, A, 1, 1), Change(7, A, 1, 1), Change(8, B, None, None)]
    detail = make_detail(
        0, MS_PER_HOUR, opening={}, last_poll=None, polls=[5, 6, 7, 8], changes=changes
    )
    assert list(detail.instants) == [5, 7, 8]
    assert round_trip(detail) == detail


def test_sequences_come_back_as_lists() -> None:
    detail = make_detail(0, MS_PER_HOUR, opening={}, last_poll=None, polls=(5, 6), changes=())
    assert round_trip(detail).polls == [5, 6]


def changed_by(*changes: Change) -> Detail:
    """Return the detail of an hour with a poll at 5."""
    return make_detail(0, MS_PER_HOUR, opening={}, last_poll=None, polls=[5], changes=changes)


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        pytest.param(detail_of({}, end=LAST_MS), "not that of an hour", id="too-short"),
        pytest.param(detail_of({}, end=2 * MS_PER_HOUR), "not that of an hour", id="too-long"),
        pytest.param(changed_by(Change(5, A, 1, None)), "not that of an hour", id="half-ended"),
        pytest.param(changed_by(Change(6, A, 1, 1)), "out of order", id="change-without-a-poll"),
        pytest.param(detail_of({}, last_poll=1), "negative", id="last-poll-within-the-hour"),
    ],
)
def test_what_would_come_back_as_something_else_is_refused(detail: Detail, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        encode_detail(detail)


#: Of version 1. Never to be changed: blobs like these are in databases.
GOLDEN_EVENTFUL = (
    "01e64eff3f0300e0d4030500e0d40302060000e00105ab1a0000030d3e03020101000284000203b5a9072500"
    "00000060ffdc0ee902b401080a006ed200003fa5ffffffffffff7f0000000000000000000000000000004001"
    "00000000000000000000000000000002038b0100010106"
)
GOLDEN_FIXED = (
    "01828573b44cc6c1090031100240d90a528487152c085610d27f3ff7755ef3e572f8c0ec58fdc3d49d853c6b"
    "9db03febfab3b081ae60f721d77fbee4980600180682d81f831eb9224820847f87ecdd2cf9462698215262da"
    "60495c61ec4fc5551b3f450967f30d00e0d4032800e4d4030200f50109b7e67de48a1853b5803dd3eab125ee"
    "e3d22d88880164d9234d29710e3d2c3934eb1d0016682a456bd840891d0e000302000001060000c0a90700ba"
    "8d060857be0000db09039038d9e1906d5439c9f0817c55e918e1907d44f9407145d654f0916154d654f18d74"
    "45d655e18d6e442602425142640800534062064602426043140a0780cb11003502"
)


@pytest.mark.parametrize(
    ("golden", "detail"),
    [
        pytest.param(GOLDEN_EVENTFUL, EVENTFUL, id="short-columns"),
        pytest.param(GOLDEN_FIXED, fixed_hour(), id="long-columns"),
    ],
)
def test_blobs_of_version_1_can_be_read_for_ever(golden: str, detail: Detail) -> None:
    assert decode_detail(bytes.fromhex(golden), detail.start, detail.offers) == detail


@pytest.mark.parametrize("detail", [EVENTFUL, busy_hour()], ids=["eventful", "busy"])
def test_any_damaged_byte_is_found_out(detail: Detail) -> None:
    blob = bytearray(encode_detail(detail))
    for i, byte in enumerate(blob):
        for flipped in {byte ^ 1, byte ^ 0x80, byte ^ 0xFF, 0, 1, 255} - {byte}:
            blob[i] = flipped
            with pytest.raises(CodecError):
                decode_detail(bytes(blob), detail.start, detail.offers)
        blob[i] = byte


@pytest.mark.parametrize("detail", [EVENTFUL, busy_hour()], ids=["eventful", "busy"])
def test_any_missing_end_is_found_out(detail: Detail) -> None:
    blob = encode_detail(detail)
    for length in range(len(blob)):
        with pytest.raises(CodecError):
            decode_detail(blob[:length], detail.start, detail.offers)


@pytest.mark.parametrize("detail", [EVENTFUL, busy_hour()], ids=["eventful", "busy"])
def test_content_that_is_cut_short_or_goes_on_is_found_out_without_a_checksum(
    detail: Detail,
) -> None:
    content = encode_detail(detail)[5:]
    for other in [*(content[:length] for length in range(len(content))), content + b"\0"]:
        with pytest.raises(CodecError):
            decode_detail(seal(other, detail.start, 1), detail.start, detail.offers)


@pytest.mark.parametrize(
    ("n_polls", "reason"),
    [
        pytest.param(MS_PER_HOUR, "ends within a number", id="one-each-millisecond"),
        pytest.param(MS_PER_HOUR + 1, "more than an hour has", id="one-more"),
    ],
)
def test_impossible_number_of_polls_is_refused_before_they_are_read(
    n_polls: int, reason: str
) -> None:
    writer = ColumnWriter()
    writer.number(0)
    writer.number(n_polls)
    with pytest.raises(CodecError, match=reason):
        decode_detail(seal(writer.content(), 0, 1), 0, [])


def test_blob_of_another_hour_is_found_out() -> None:
    with pytest.raises(CodecError, match=f"not of the hour that starts at {MS_PER_HOUR}"):
        decode_detail(encode_detail(EVENTFUL), MS_PER_HOUR, EVENTFUL.offers)


def test_blob_about_more_offers_or_fewer_is_refused() -> None:
    blob = encode_detail(EVENTFUL)
    for offers in ([A, B], [A, B, C, UUID(int=4)]):
        with pytest.raises(CodecError, match=f"of 3 offers, not of {len(offers)}"):
            decode_detail(blob, 0, offers)


def test_blob_of_an_unknown_version_is_refused() -> None:
    with pytest.raises(CodecError, match="version 2"):
        decode_detail(seal(b"", START, 2), START, [])


def test_busy_hours_take_less_than_two_and_a_half_bytes_an_observation() -> None:
    details = [busy_hour(seed) for seed in range(5)]
    n_observations = sum(1 for detail in details for _ in detail.events())
    assert n_observations == 5 * 480
    assert sum(len(encode_detail(detail)) for detail in details) < 2.45 * n_observations


def test_quiet_hours_take_little_more_than_when_they_were_polled() -> None:
    details = [quiet_hour(seed) for seed in range(5)]
    assert [(len(d.polls), len(d.instants), len(d.offers)) for d in details] == [(60, 0, 8)] * 5
    assert sum(len(encode_detail(detail)) for detail in details) < 5 * 140
