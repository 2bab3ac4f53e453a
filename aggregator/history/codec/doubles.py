"""Doubles as whole numbers, bit by bit: neighbouring ones are neighbours, whatever their size."""

from __future__ import annotations

from struct import Struct

from aggregator.history.codec.blobs import fold, unfold

_DOUBLE, _BITS = Struct("<d"), Struct("<Q")
_SIGN = 1 << 63
_ALL = (1 << 64) - 1


def double_to_bits(number: float) -> int:
    """Return a double's 64 bits (IEEE 754) as a number."""
    bits: int
    [bits] = _BITS.unpack(_DOUBLE.pack(number))
    return bits


def bits_to_double(bits: int) -> float:
    """Return the double that has these bits, of which only the lowest 64 count."""
    number: float
    [number] = _DOUBLE.unpack(_BITS.pack(bits & _ALL))
    return number


_ONE = double_to_bits(1.0)


def fold_double(number: float) -> int:
    """Return a double as a number that is not negative: 0 for 0.0.

    For any other it is 1 plus: twice the folded distance, in bits, of its absolute value from
    1.0, and 1 more where it is negative.
    """
    bits = double_to_bits(number)
    if not bits:
        return 0
    return 1 + (fold((bits & ~_SIGN) - _ONE) << 1 | bits >> 63)


def unfold_double(folded: int) -> float:
    """Return the double that was folded."""
    if not folded:
        return 0.0
    distance, is_negative = divmod(folded - 1, 2)
    return bits_to_double(unfold(distance) + _ONE + _SIGN * is_negative)
