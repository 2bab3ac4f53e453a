"""Columns: lists of whole numbers, packed tightly and read fast.

A content is a deflated stream (RFC 1951, without a wrapper) and, right behind it, a plain part.
In the plain part stand numbers (:mod:`.blobs`), columns and bytes, one after
another.

A column of no values is nothing. Any other begins with two numbers: its lowest value, folded,
and its shape, which is 0 if all values are the same. Otherwise follows what each value has above
the lowest.

- Fewer than 64 values: the shape is how many bits each of them takes; all together are one
  number, little-endian, the first value in the lowest bits.
- More: the shape is ``2 * planes + split``. The values are cut into bytes. Plane 0 has the
  lowest byte of every value, plane 1 the next, and so on until only zeros are left, which are
  not stored. The planes stand in the deflated stream. Where the column is split, the lowest
  four bits of each value are taken off before, and stand in the plain part, two values a byte,
  the earlier in the upper half.

Every plane is a deflate block, so that it has Huffman codes of its own. Splitting pays for moves
of prices and stocks: their lowest bits are noise, and without them few different values are
left, which need only a short table of codes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from aggregator.history.codec.blobs import CodecError, Reader, fold, unfold, write_number
from aggregator.history.codec.packing import (
    join_lanes,
    pack_bits,
    pack_nibbles,
    pack_planes,
    unpack_bits,
    unpack_nibbles,
)

#: Fewer values would not make up for a table of codes.
_LONG = 64
#: Some columns have repetitions, others do better if none are looked for.
_STRATEGIES = (zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY)
#: Beyond this, zlib takes longer to allocate its memory than to compress an hour.
_MEMORY_LEVEL = 7


class ColumnWriter:
    """Puts numbers, columns and bytes together into a content."""

    def __init__(self) -> None:
        self._planes: list[bytes] = []
        self._plain = b""

    def number(self, number: int) -> None:
        """Write a number."""
        self._plain += write_number(number)

    def raw(self, data: bytes) -> None:
        """Write bytes. The reader has to know how many they are."""
        self._plain += data

    def column(self, values: Sequence[int]) -> None:
        """Write a column. The reader has to know how long it is.

        :raises OverflowError: The values are 2**64 or more apart.
        """
        if values:
            self._add(_pack(values))

    def smallest(self, columns: Sequence[Sequence[int]]) -> None:
        """Write which of some columns, equally long, takes the least room, and that column.

        :param columns: if the values of any are 2**64 or more apart, it is not chosen.
        """
        packed = {i: _pack(values) for i, values in enumerate(columns) if _fits(values)}
        chosen = min(packed, key=lambda i: packed[i].size(), default=0)
        self.number(chosen)
        if packed:
            self._add(packed[chosen])

    def content(self) -> bytes:
        """Return all that was written."""
        streams = [_deflate(self._planes, strategy) for strategy in _STRATEGIES]
        return min(streams, key=len) + self._plain

    def _add(self, packed: _Packed) -> None:
        self.number(fold(packed.lowest))
        self.number(packed.shape)
        self._planes += packed.planes
        self.raw(packed.plain)


class ColumnReader:
    """Reads what a :class:`ColumnWriter` wrote, in the same order."""

    def __init__(self, content: bytes) -> None:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            self._planes = Reader(inflater.decompress(content))
        except zlib.error as error:
            raise CodecError(f"The content cannot be inflated: {error}.") from error
        if not inflater.eof:
            raise CodecError("The content ends within its deflated stream.")
        self._plain = Reader(inflater.unused_data)

    def number(self) -> int:
        """Return the next number."""
        return self._plain.number()

    def raw(self, size: int) -> bytes:
        """Return the next bytes."""
        return self._plain.take(size)

    def column(self, length: int) -> Sequence[int]:
        """Return the next column."""
        if not length:
            return []
        lowest, shape = unfold(self.number()), self.number()
        if not shape:
            return [lowest] * length
        if length < _LONG:
            above: Sequence[int] = unpack_bits(self.raw((length * shape + 7) // 8), length, shape)
        else:
            above = self._long_column(length, *divmod(shape, 2))
        return [lowest + value for value in above] if lowest else above

    def finish(self) -> None:
        """Check that all has been read.

        :raises CodecError: Something is left.
        """
        self._planes.finish()
        self._plain.finish()

    def _long_column(self, length: int, n_planes: int, is_split: int) -> Sequence[int]:
        if n_planes + is_split > 8:
            raise CodecError(f"A column has {n_planes} planes.")
        planes = [self._planes.take(length) for _ in range(n_planes)]
        nibbles = unpack_nibbles(self.raw((length + 1) // 2)) if is_split else b""
        return join_lanes(planes, nibbles[:length], length)


class _Packed(NamedTuple):
    """A column, ready to be written."""

    lowest: int
    shape: int
    planes: list[bytes]
    plain: bytes

    def size(self) -> int:
        """Return about how many bytes it takes."""
        return len(_deflate(self.planes)) + len(self.plain)


def _pack(values: Sequence[int]) -> _Packed:
    lowest = min(values)
    above = [value - lowest for value in values]
    width = max(above).bit_length()
    if not width:
        return _Packed(lowest, 0, [], b"")
    if len(values) < _LONG:
        return _Packed(lowest, width, [], pack_bits(above, width))
    planes = pack_planes(above)
    whole = _Packed(lowest, 2 * len(planes), planes, b"")
    if len(planes) == 8:
        return whole
    planes = pack_planes([value >> 4 for value in above])
    split = _Packed(lowest, 2 * len(planes) + 1, planes, pack_nibbles(above))
    return min(whole, split, key=_Packed.size)


def _fits(values: Sequence[int]) -> bool:
    return bool(values) and (max(values) - min(values)).bit_length() <= 64


def _deflate(blocks: Sequence[bytes], strategy: int = zlib.Z_FILTERED) -> bytes:
    """Return a deflated stream in which every block has Huffman codes of its own."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, _MEMORY_LEVEL, strategy)
    parts = [deflater.compress(block) + deflater.flush(zlib.Z_BLOCK) for block in blocks]
    return b"".join(parts) + deflater.flush()
