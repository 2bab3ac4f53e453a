"""One offer's hour as a record of whole numbers, and back.

Whatever follows from the rest is 0 in the record, so that a usual hour takes few bits: an offer
that is listed and buyable all the time, and known all the time. Numbers of either sign are
folded (:mod:`.blobs`). An instant is told by 1 plus its place in a table that
all offers of the hour share, for many change at the same polls; place 0 is the hour's start.
Prices are told by their distance from others. The fields, in order:

===============  ===============================================================================
``opened``       The instant ``opening.changed_at``; 0 where the offer is not listed at first.
``open_price``   Its distance from the floor, the lowest price that an offer is listed for at
                 first.
``open_stock``
``closed``       The instant ``closing.changed_at``; 0 where the offer is not listed at last.
``close_price``  Folded, from the price at first, or the floor where it is not listed then.
``close_stock``  Folded, from the stock at first, or 0 where it is not listed then.
``first``        The first instant with a price; 0 where there is none. In that case all that
                 follow are 0.
``first_price``  Folded, from the price at first, listed though not buyable, or the floor.
``last``         The end of the last stretch with a price; 0 where that is the hour's end.
``last_price``   Folded, from the price at last, or ``first_price`` where it is not listed then.
``low``          The first instant of the lowest price; 0 where the first price is the lowest.
``low_price``    How far below the first price it is.
``high``         The first instant of the highest price; 0 where the first price is the highest.
``high_price``   How far above the first price it is.
``priced_ms``    Folded, by how much it falls short of the time from first to last, or of the
                 known time where that is shorter.
``integral``     What it exceeds the lowest price times ``priced_ms`` by.
``price_t``      As :func:`aggregator.history.codec.doubles.fold_double` says.
``t``, ``tt``    Folded, the distance in bits (IEEE 754, read as a number) from what they are
                 where one stretch is known and priced, from first to last: the quotients of
                 first + last by two hours, and of (last - first) cubed by twelve cubed hours,
                 each rounded correctly; from 0.0 where ``priced_ms`` is 0.
===============  ===============================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from aggregator.history.bars import MS_PER_HOUR, Bar
from aggregator.history.codec.blobs import fold, unfold
from aggregator.history.codec.doubles import (
    bits_to_double,
    double_to_bits,
    fold_double,
    unfold_double,
)
from aggregator.history.detail import OfferState
from aggregator.history.landmarks import NO_LANDMARKS, Landmarks, Mark
from aggregator.history.offer_hours import OfferHour

N_FIELDS = 19

#: Tells the instant at a place of the table.
InstantAt = Callable[[int], int]
#: How an offer opens, and how it closes.
_States = tuple[OfferState | None, OfferState | None]


class Frame(NamedTuple):
    """What the records of one hour have in common."""

    start: int
    known_ms: int
    floor: int
    """A price."""


def to_record(offer: OfferHour, frame: Frame, places: Mapping[int, int]) -> tuple[int, ...]:
    """Return an offer's record.

    :param places: of instants in the table.
    """
    return (
        *_pack_states(offer, frame, places),
        *_pack_landmarks(offer, frame, places),
        *_pack_bar(offer, frame),
    )


def from_record(
    offer_id: UUID, record: Sequence[int], frame: Frame, instant_at: InstantAt
) -> OfferHour:
    """Return an offer's hour."""
    states = _unpack_states(record[:6], frame, instant_at)
    landmarks = _unpack_landmarks(record[6:14], states, frame, instant_at)
    bar = _unpack_bar(record[14:], states, landmarks, frame)
    return OfferHour(offer_id, *states, bar, landmarks)


def _pack_states(offer: OfferHour, frame: Frame, places: Mapping[int, int]) -> tuple[int, ...]:
    opening, closing = offer.opening, offer.closing
    price, stock = (opening.price, opening.items_in_stock) if opening else (frame.floor, 0)
    return (
        1 + places[opening.changed_at] if opening else 0,
        price - frame.floor,
        stock,
        1 + places[closing.changed_at] if closing else 0,
        fold(closing.price - price) if closing else 0,
        fold(closing.items_in_stock - stock) if closing else 0,
    )


def _unpack_states(record: Sequence[int], frame: Frame, instant_at: InstantAt) -> _States:
    opened, above_floor, stock, closed, risen, restocked = record
    price = frame.floor + above_floor
    opening = OfferState(price, stock, instant_at(opened - 1)) if opened else None
    if not closed:
        return opening, None
    price, stock = price + unfold(risen), stock + unfold(restocked)
    return opening, OfferState(price, stock, instant_at(closed - 1))


def _pack_landmarks(offer: OfferHour, frame: Frame, places: Mapping[int, int]) -> tuple[int, ...]:
    first, last, low, high = offer.landmarks
    if not (first and last and low and high):
        return (0,) * 8
    price = int(first.value)
    return (
        1 + places[first.at],
        fold(price - (offer.opening.price if offer.opening else frame.floor)),
        0 if last.at == frame.start + MS_PER_HOUR else 1 + places[last.at],
        fold(int(last.value) - (offer.closing.price if offer.closing else price)),
        0 if low.at == first.at else 1 + places[low.at],
        price - int(low.value),
        0 if high.at == first.at else 1 + places[high.at],
        int(high.value) - price,
    )


def _unpack_landmarks(
    record: Sequence[int], states: _States, frame: Frame, instant_at: InstantAt
) -> Landmarks:
    first, first_price, last, last_price, low, fallen, high, risen = record
    if not first:
        return NO_LANDMARKS
    opening, closing = states
    first_at = instant_at(first - 1)
    last_at = instant_at(last - 1) if last else frame.start + MS_PER_HOUR
    price = unfold(first_price) + (opening.price if opening else frame.floor)
    return Landmarks(
        Mark(first_at, price),
        Mark(last_at, unfold(last_price) + (closing.price if closing else price)),
        Mark(instant_at(low - 1) if low else first_at, price - fallen),
        Mark(instant_at(high - 1) if high else first_at, price + risen),
    )


def _pack_bar(offer: OfferHour, frame: Frame) -> tuple[int, ...]:
    bar, (first, last, low, _) = offer.bar, offer.landmarks
    if not (first and last and low):
        return (0,) * 5
    t, tt = _moments(first.at - frame.start, last.at - frame.start, bar.priced_ms)
    return (
        fold(min(last.at - first.at, frame.known_ms) - bar.priced_ms),
        int(bar.integral) - int(low.value) * bar.priced_ms,
        fold_double(bar.price_t),
        fold(double_to_bits(bar.t) - double_to_bits(t)),
        fold(double_to_bits(bar.tt) - double_to_bits(tt)),
    )


def _unpack_bar(record: Sequence[int], states: _States, landmarks: Landmarks, frame: Frame) -> Bar:
    start, known_ms, _ = frame
    first, last, low, high = landmarks
    if not (first and last and low and high):
        return Bar(start, start + MS_PER_HOUR, None, None, None, None, known_ms)
    short, above_low, price_t, t_off, tt_off = record
    opening, closing = states
    priced_ms = min(last.at - first.at, known_ms) - unfold(short)
    t, tt = _moments(first.at - start, last.at - start, priced_ms)
    return Bar(
        start=start,
        end=start + MS_PER_HOUR,
        open=opening.price if opening and opening.is_buyable else None,
        close=closing.price if closing and closing.is_buyable else None,
        low=low.value,
        high=high.value,
        known_ms=known_ms,
        priced_ms=priced_ms,
        integral=low.value * priced_ms + above_low,
        t=bits_to_double(double_to_bits(t) + unfold(t_off)) if t_off else t,
        tt=bits_to_double(double_to_bits(tt) + unfold(tt_off)) if tt_off else tt,
        price_t=unfold_double(price_t),
    )


def _moments(first: int, last: int, priced_ms: int) -> tuple[float, float]:
    """Return ``t`` and ``tt`` of a single stretch, given in milliseconds from the start."""
    if not priced_ms:
        return 0.0, 0.0
    return (first + last) / (2 * MS_PER_HOUR), (last - first) ** 3 / (12 * MS_PER_HOUR**3)
