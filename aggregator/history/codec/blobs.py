"""Blobs: what the codecs of this package write and read, little-endian throughout.

A blob is one byte of version, four bytes of checksum and a content. The checksum is the CRC-32
of the hour that the blob belongs to (its start as a signed number of eight bytes), the version
and the content, in this order. The hour itself is not in the blob: it is the key of the table's
row, and a blob that is read under another key is found out.

A *number* is whole, not negative and of any size: seven bits a byte, the low ones first, the
eighth bit set in every byte but the last (LEB128). Where a number may be negative it is folded:
0, -1, 1, -2, 2 become 0, 1, 2, 3, 4.
"""

from __future__ import annotations

from uuid import UUID
from zlib import crc32

#: Bytes before the content.
_HEAD = 5


class CodecError(ValueError):
    """A blob cannot be decoded: it is damaged, another hour's, or of an unknown version."""


def seal(content: bytes, start: int, version: int) -> bytes:
    """Return the blob of a content.

    :param start: of the hour that the content is about.
    """
    return bytes([version]) + _checksum(content, start, version) + content


def unseal(blob: bytes, start: int, version: int) -> bytes:
    """Return the content of a blob.

    :param start: of the hour that the content is about.
    :raises CodecError: The blob is damaged, another hour's, or of another version.
    """
    if len(blob) < _HEAD:
        raise CodecError(f"The blob has {len(blob)} bytes, fewer than its head.")
    if blob[0] != version:
        raise CodecError(f"The blob is of version {blob[0]}, not {version}.")
    content = blob[_HEAD:]
    if blob[1:_HEAD] != _checksum(content, start, version):
        raise CodecError(f"The blob is damaged, or not of the hour that starts at {start}.")
    return content


def _checksum(content: bytes, start: int, version: int) -> bytes:
    key = start.to_bytes(8, "little", signed=True) + bytes([version])
    return crc32(content, crc32(key)).to_bytes(4, "little")


def fold(number: int) -> int:
    """Return a number of either sign as one that is not negative."""
    return number << 1 if number >= 0 else ~(number << 1)


def unfold(folded: int) -> int:
    """Return the number that was folded."""
    return ~(folded >> 1) if folded & 1 else folded >> 1


def write_number(number: int) -> bytes:
    """Return a number in bytes.

    :raises ValueError: It is negative.
    """
    if number < 0:
        raise ValueError(f"{number} is negative")
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def split_ids(data: bytes) -> list[UUID]:
    """Return the ids whose bytes, 16 each, stand one behind the other."""
    return [UUID(bytes=data[i : i + 16]) for i in range(0, len(data), 16)]


class Reader:
    """Reads one thing after another from bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self) -> int:
        """Return the next number.

        :raises CodecError: There is no whole one.
        """
        data, at = self._data, self._at
        number = shift = 0
        try:
            while data[at] & 0x80:
                number |= (data[at] & 0x7F) << shift
                shift += 7
                at += 1
            self._at = at + 1
            return number | data[at] << shift
        except IndexError:
            raise CodecError("The content ends within a number.") from None

    def take(self, size: int) -> bytes:
        """Return the next bytes.

        :raises CodecError: There are fewer.
        """
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise CodecError(f"The content ends {size - len(taken)} bytes too early.")
        self._at += size
        return taken

    def finish(self) -> None:
        """Check that all has been read.

        :raises CodecError: Something is left.
        """
        if left := len(self._data) - self._at:
            raise CodecError(f"{left} bytes are left over.")
