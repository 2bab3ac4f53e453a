"""Packing: lists of whole numbers that are not negative as bytes, without a loop for each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from struct import pack, unpack

#: How many bytes a lane may have, and the letter of :mod:`struct` for it.
_LANES = ((1, "B"), (2, "H"), (4, "I"), (8, "Q"))
_UPPER_HALF = bytes(byte >> 4 for byte in range(256))
_LOWER_HALF = bytes(byte & 15 for byte in range(256))


def pack_bits(values: Sequence[int], width: int) -> bytes:
    """Return values as one number, the first in its lowest bits.

    :param width: how many bits each takes.
    """
    joined = 0
    for value in reversed(values):
        joined = joined << width | value
    return joined.to_bytes((len(values) * width + 7) // 8, "little")


def unpack_bits(packed: bytes, length: int, width: int) -> list[int]:
    """Return values that were packed as one number. Not for many: its time is quadratic."""
    joined, mask = int.from_bytes(packed, "little"), (1 << width) - 1
    values = []
    for _ in range(length):
        values.append(joined & mask)
        joined >>= width
    return values


def pack_nibbles(values: Sequence[int]) -> bytes:
    """Return the lowest four bits of values, two a byte, the earlier in the upper half."""
    lowest = [value & 15 for value in values]
    pairs = zip_longest(lowest[::2], lowest[1::2], fillvalue=0)
    return bytes(earlier << 4 | later for earlier, later in pairs)


def unpack_nibbles(packed: bytes) -> bytes:
    """Return four bits a byte."""
    nibbles = bytearray(2 * len(packed))
    nibbles[::2] = packed.translate(_UPPER_HALF)
    nibbles[1::2] = packed.translate(_LOWER_HALF)
    return bytes(nibbles)


def pack_planes(values: Sequence[int]) -> list[bytes]:
    """Return values byte by byte, the lowest first, without the planes that are all zeros.

    :raises OverflowError: A value has more than 64 bits.
    """
    n_planes = (max(values).bit_length() + 7) // 8
    if n_planes > 8:
        raise OverflowError("a value has more than 64 bits")
    lanes = pack(f"<{len(values)}Q", *values)
    return [lanes[i::8] for i in range(n_planes)]


def join_lanes(planes: Sequence[bytes], nibbles: bytes, length: int) -> tuple[int, ...]:
    """Return the values that have these planes.

    :param planes: no more than 8, and no more than 7 where there are nibbles.
    :param nibbles: if any, four bits of each value that stand below the planes.
    """
    needed = len(planes) + bool(nibbles)
    width, letter = next(lane for lane in _LANES if lane[0] >= needed)
    lanes = bytearray(length * width)
    for i, plane in enumerate(planes):
        lanes[i::width] = plane
    if nibbles:
        lowest = bytearray(len(lanes))
        lowest[::width] = nibbles
        # As one large number, all lanes shift at once; their highest bytes are zeros.
        shifted = int.from_bytes(lanes, "little") << 4 | int.from_bytes(lowest, "little")
        lanes[:] = shifted.to_bytes(len(lanes), "little")
    return unpack(f"<{length}{letter}", lanes)
