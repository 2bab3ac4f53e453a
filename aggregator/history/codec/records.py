"""Records: rows of whole numbers that are not negative, packed so that each is read alone.

No records are nothing. Otherwise there is first a byte for each field, how many bits it has: as
many as its largest number needs. Then follow the records, each of whole bytes, little-endian:
the first field in the lowest bits, the others above it in order, zeros on top.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.history.codec.blobs import Reader

#: By width in bits.
_MASKS = [(1 << width) - 1 for width in range(256)]


def write_records(records: Sequence[Sequence[int]]) -> bytes:
    """Return records in bytes. The reader has to know how many they are, and of how many fields.

    :raises ValueError: A number is negative, or has more than 255 bits.
    """
    fields = list(zip(*records, strict=True))
    if any(min(numbers) < 0 for numbers in fields):
        raise ValueError("a number of a record is negative")
    widths = [max(numbers).bit_length() for numbers in fields]
    size = _size(widths)
    return bytes(widths) + b"".join(
        _pack(record, widths).to_bytes(size, "little") for record in records
    )


class Records:
    """Records that were written, at the reader's place."""

    def __init__(self, reader: Reader, n_records: int, n_fields: int) -> None:
        self._widths = reader.take(n_fields if n_records else 0)
        self._size = _size(self._widths)
        self._packed = reader.take(n_records * self._size)

    def get(self, i: int) -> list[int]:
        """Return the fields of record ``i``, counted from 0."""
        begin = i * self._size
        packed = int.from_bytes(self._packed[begin : begin + self._size], "little")
        fields = []
        for width in self._widths:
            fields.append(packed & _MASKS[width])
            packed >>= width
        return fields


def _size(widths: Sequence[int]) -> int:
    return (sum(widths) + 7) // 8


def _pack(record: Sequence[int], widths: Sequence[int]) -> int:
    packed = shift = 0
    for number, width in zip(record, widths, strict=True):
        packed |= number << shift
        shift += width
    return packed
