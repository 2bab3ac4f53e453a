"""The figures of an hour's offers survive being a blob, to the last bit, together and alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.history.bars import MS_PER_HOUR, Bar, Stretches
from aggregator.history.codec.blobs import CodecError, seal
from aggregator.history.codec.offer_hours import (
    decode_offer_hours,
    encode_offer_hours,
    find_offer_hour,
)
from aggregator.history.detail import Detail, OfferState
from aggregator.history.landmarks import NO_LANDMARKS, Landmarks, Mark
from aggregator.history.offer_hours import OfferHour, OfferHours
from aggregator.history.summary import summarise
from tests.unit.history.hours import START, busy_hour, eventful_hours, quiet_hour
from tests.unit.history.snapshots import (
    LARGEST,
    MINUTE,
    A,
    B,
    C,
    Snapshot,
    detail_of,
    histories,
    listing,
    snapshots,
)
from tests.unit.history.steps import knowledge

D, NOBODY = UUID(int=4), UUID(int=2**128 - 1)
END = START + MS_PER_HOUR
#: The whole hour and more.
ALWAYS = [(0, 2 * END)]


def summary_of(detail: Detail, known: Stretches = ALWAYS) -> OfferHours:
    """Return the figures of a detail's offers."""
    return summarise(detail, known).offers


def check(hours: OfferHours) -> None:
    """Check that figures come back as they were: bits, types and all."""
    blob = encode_offer_hours(hours)
    assert repr(decode_offer_hours(blob, hours.start)) == repr(hours)
    for offer in hours.offers:
        assert repr(find_offer_hour(blob, hours.start, offer.offer_id)) == repr(offer)
    assert find_offer_hour(blob, hours.start, NOBODY) is None


@given(
    polls=histories(),
    before=snapshots,
    known=knowledge(),
    last_poll=st.none() | st.integers(-(10**13), -1),
    changed_at=st.integers(-(10**13), -1),
)
def test_all_figures_come_back(
    polls: dict[int, Snapshot],
    before: Snapshot,
    known: Stretches,
    last_poll: int | None,
    changed_at: int,
) -> None:
    detail = detail_of(polls, opening=listing(before, changed_at), last_poll=last_poll)
    check(summary_of(detail, known))


@settings(deadline=None)
@given(detail=eventful_hours())
def test_all_figures_of_eventful_hours_come_back(detail: Detail) -> None:
    check(summary_of(detail))


MANY = [UUID(int=n << 100) for n in range(300)]


@pytest.mark.parametrize(
    ("polls", "opening", "known"),
    [
        pytest.param({}, {}, ALWAYS, id="nothing"),
        pytest.param({}, {A: (5, 5)}, ALWAYS, id="unchanged"),
        pytest.param({}, {A: (5, 5)}, [], id="unknown"),
        pytest.param({0: {A: (5, 5)}}, {}, ALWAYS, id="listed-at-the-start"),
        pytest.param({0: {}}, {A: (5, 5)}, ALWAYS, id="ended-at-the-start"),
        pytest.param({MS_PER_HOUR - 1: {}}, {A: (5, 5)}, ALWAYS, id="ended-in-the-last-ms"),
        pytest.param({9: {A: (5, 0)}, 99: {A: (5, 1)}, 999: {}}, {}, ALWAYS, id="short-sale"),
        pytest.param({}, {A: (LARGEST, LARGEST), B: (0, 1)}, ALWAYS, id="extremes"),
        pytest.param(
            {9: {A: (0, LARGEST)}, 99: {A: (LARGEST, 1)}}, {A: (LARGEST, 1)}, ALWAYS, id="extreme"
        ),
        pytest.param(
            {k * MINUTE: {id_: (n + k, k) for n, id_ in enumerate(MANY)} for k in range(9)},
            {},
            ALWAYS,
            id="300-offers",
        ),
    ],
)
def test_unusual_figures_come_back(
    polls: dict[int, Snapshot], opening: Snapshot, known: Stretches
) -> None:
    seen = {START + at: snapshot for at, snapshot in polls.items()}
    check(
        summary_of(
            detail_of(seen, start=START, end=END, opening=listing(opening, START - 9)), known
        )
    )


def test_offer_is_not_mistaken_for_the_halves_of_two_others() -> None:
    ids = [UUID(int=n << 64 | n + 1) for n in (1, 2)]
    hours = summary_of(detail_of({}, opening=listing(dict.fromkeys(ids, (5, 5)), -9)))
    blob = encode_offer_hours(hours)
    across = UUID(bytes=ids[0].bytes[8:] + ids[1].bytes[:8])
    assert across not in ids
    assert across.bytes in blob
    assert find_offer_hour(blob, 0, across) is None


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        pytest.param(UUID(int=1 << 64 | 2), UUID(int=2 << 64 | 2), id="8-bytes-too-early"),
        pytest.param(UUID(int=0x22), UUID(bytes=b"\x22" * 16), id="a-byte-too-early"),
    ],
)
def test_offer_is_found_although_its_bytes_turn_up_before(before: UUID, wanted: UUID) -> None:
    hours = summary_of(detail_of({}, opening=listing(dict.fromkeys([before, wanted], (5, 5)), -9)))
    blob = encode_offer_hours(hours)
    assert blob.index(wanted.bytes) < blob.index(before.bytes) + 16
    assert [find_offer_hour(blob, 0, id_) for id_ in (before, wanted)] == hours.offers


def offer_hour(
    offer_id: UUID,
    opening: OfferState | None,
    closing: OfferState | None,
    marks: Sequence[tuple[int, int]],
    **figures: Any,
) -> OfferHour:
    """Return an offer's hour; its marks are first, last, low and high."""
    landmarks = Landmarks(*(Mark(START + at, price) for at, price in marks))
    low, high = landmarks.low, landmarks.high
    bar = Bar(
        START,
        END,
        opening.price if opening and opening.is_buyable else None,
        closing.price if closing and closing.is_buyable else None,
        low and low.value,
        high and high.value,
        3_540_000,
        **figures,
    )
    return OfferHour(offer_id, opening, closing, bar, landmarks)


#: A is for sale all the time, B comes twice, C goes and D is listed only.
HOURS = OfferHours(
    START,
    START - 60_000,
    START + 3_540_000,
    [
        offer_hour(
            A,
            OfferState(500, 7, START - 60_000),
            OfferState(480, 3, START + 3_000_000),
            [(0, 500), (MS_PER_HOUR, 480), (600_000, 470), (1_200_000, 505)],
            priced_ms=3_540_000,
            integral=1_700_000_123,
            t=0.5083333333333333,
            tt=0.07923958333333334,
            price_t=-1.25,
        ),
        offer_hour(
            B,
            None,
            OfferState(LARGEST, 0, START + 3_500_000),
            [(600_000, 490), (3_000_000, 495), (600_000, 490), (2_400_000, 495)],
            priced_ms=1_200_000,
            integral=591_000_000,
            t=0.5,
            tt=0.03,
            price_t=0.4166666666666667,
        ),
        offer_hour(
            C,
            OfferState(510, 1, START - 10**11),
            None,
            [(0, 510), (600_000, 510), (0, 510), (0, 510)],
            priced_ms=600_000,
            integral=306_000_000,
            t=0.08333333333333333,
            tt=0.00038580246913580245,
        ),
        OfferHour(
            D,
            OfferState(300, 0, START),
            OfferState(300, 0, START),
            Bar(START, END, None, None, None, None, 3_540_000),
            NO_LANDMARKS,
        ),
    ],
)
#: Of version 1. Never to be changed: blobs like it are in databases.
GOLDEN = (
    "01c21f7bd0e0d403e1d403e0d403ac020705bff6af87e9050000000000a0fd754817c00f8048178037894817"
    "00879b4817c0aea44817e04fac48170200000000000000000000000000000003000000000000000000000000"
    "00000004020801010000010003000000000000000000004a9701080200000000000000000000000000000001"
    "000000000000000000000000000000020208030440030309034003050303161a37303423ff4e000000000000"
    "001e000000000000000000a06f0100805d2f14050000000000208888888888887d6abc7493180200004dfbff"
    "ffffffffff41beffe0ffffffffffff0770013e4960e316a6aaaaaaaaaaaa000000000000b0695cdd41df0a"
)


def test_blob_of_version_1_can_be_read_for_ever() -> None:
    assert repr(decode_offer_hours(bytes.fromhex(GOLDEN), START)) == repr(HOURS)


def test_figures_that_do_not_follow_from_the_rest_come_back() -> None:
    check(HOURS)


@pytest.mark.parametrize("price_t", [-0.0, 5e-324, -1e300, 1.0, -1.0])
def test_any_double_comes_back(price_t: float) -> None:
    usual, *others = HOURS.offers
    offer = replace(usual, bar=replace(usual.bar, price_t=price_t, t=price_t, tt=price_t))
    check(replace(HOURS, offers=[offer, *others]))


def with_bar(**figures: Any) -> OfferHours:
    """Return the hours with other figures of the first offer."""
    first, *others = HOURS.offers
    return replace(HOURS, offers=[replace(first, bar=replace(first.bar, **figures)), *others])


def with_mark(name: str, *mark: Any) -> OfferHours:
    """Return the hours with another mark of the first offer."""
    first, *others = HOURS.offers
    landmarks = first.landmarks._replace(**{name: Mark(*mark)})
    return replace(HOURS, offers=[replace(first, landmarks=landmarks), *others])


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(with_bar(open=501), id="open-is-not-the-opening-price"),
        pytest.param(with_bar(close=None), id="close-is-not-the-closing-price"),
        pytest.param(with_bar(low=471), id="low-is-not-the-lowest-mark"),
        pytest.param(with_bar(high=504), id="high-is-not-the-highest-mark"),
        pytest.param(with_bar(known_ms=1), id="known-time-differs-among-offers"),
        pytest.param(with_bar(integral=1), id="integral-below-the-lowest-price"),
        pytest.param(with_bar(integral=1_700_000_123.5), id="integral-is-no-whole-number"),
        pytest.param(with_bar(start=START + 1), id="bar-of-another-hour"),
        pytest.param(with_mark("low", START + 600_000, 501), id="low-above-first"),
        pytest.param(with_mark("high", START + 600_000, 499), id="high-below-first"),
        pytest.param(with_mark("low", START + 600_000, 470.5), id="price-is-no-whole-number"),
        pytest.param(with_mark("low", START + 600_000, 470, A), id="mark-names-an-offer"),
        pytest.param(replace(HOURS, offers=HOURS.offers[::-1]), id="offers-not-sorted"),
        pytest.param(replace(HOURS, observed_at=START + 2), id="observed-after-the-start"),
    ],
)
def test_figures_that_would_come_back_as_others_are_refused(hours: OfferHours) -> None:
    with pytest.raises(ValueError, match=r"contradict|negative"):
        encode_offer_hours(hours)


DAMAGED = [
    pytest.param(HOURS, id="unusual"),
    pytest.param(summary_of(busy_hour()), id="busy"),
]


@pytest.mark.parametrize("hours", DAMAGED)
def test_any_damaged_byte_is_found_out(hours: OfferHours) -> None:
    blob = bytearray(encode_offer_hours(hours))
    for i, byte in enumerate(blob):
        for flipped in {byte ^ 1, byte ^ 0x80, byte ^ 0xFF, 0, 1, 255} - {byte}:
            blob[i] = flipped
            check_is_refused(bytes(blob))
        blob[i] = byte


@pytest.mark.parametrize("hours", DAMAGED)
def test_any_missing_end_is_found_out(hours: OfferHours) -> None:
    blob = encode_offer_hours(hours)
    for length in range(len(blob)):
        check_is_refused(blob[:length])


@pytest.mark.parametrize("hours", DAMAGED)
def test_content_that_is_cut_short_or_goes_on_is_found_out_without_a_checksum(
    hours: OfferHours,
) -> None:
    content = encode_offer_hours(hours)[5:]
    for other in [*(content[:length] for length in range(len(content))), content + b"\0"]:
        with pytest.raises(CodecError):
            decode_offer_hours(seal(other, START, 1), START)


def check_is_refused(blob: bytes) -> None:
    """Check that no figures are read from a blob, neither all nor an offer's."""
    with pytest.raises(CodecError):
        decode_offer_hours(blob, START)
    with pytest.raises(CodecError):
        find_offer_hour(blob, START, NOBODY)


def test_blob_of_another_hour_is_found_out() -> None:
    with pytest.raises(CodecError, match=f"not of the hour that starts at {END}"):
        decode_offer_hours(encode_offer_hours(HOURS), END)


def test_blob_of_an_unknown_version_is_refused() -> None:
    with pytest.raises(CodecError, match="version 2"):
        find_offer_hour(seal(b"", START, 2), START, A)


@pytest.mark.parametrize("moment", [{"t": 0.3}, {"tt": 0.3}])
def test_offer_with_unusual_moments_does_not_widen_the_others(moment: dict[str, Any]) -> None:
    usual = summary_of(busy_hour())
    first, *others = usual.offers
    unusual = replace(usual, offers=[replace(first, bar=replace(first.bar, **moment)), *others])
    widths, double = 19, 8
    assert len(encode_offer_hours(unusual)) <= len(encode_offer_hours(usual)) + widths + double + 2


def test_busy_hours_take_46_bytes_an_offer() -> None:
    hours = [summary_of(busy_hour(seed)) for seed in range(5)]
    assert {len(hour.offers) for hour in hours} == {8}
    assert sum(len(encode_offer_hours(hour)) for hour in hours) <= 5 * 8 * 46


def test_quiet_hours_take_26_bytes_an_offer() -> None:
    hours = [summary_of(quiet_hour(seed)) for seed in range(5)]
    assert {len(hour.offers) for hour in hours} == {8}
    assert sum(len(encode_offer_hours(hour)) for hour in hours) <= 5 * 8 * 26
