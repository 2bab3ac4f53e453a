"""The figures of one hour's offers as a blob, and back; a single offer's without the others'.

:mod:`.blobs` describes the shell. A content of version 1 holds, in this order:

1. four numbers: how many milliseconds of the hour are not known; 0 where no poll came at or
   before the start, else 1 plus the milliseconds from the last such poll to the start; 0 where
   no poll came before the end, else the milliseconds from the last such poll to the end; and
   the floor, the lowest price that an offer is listed for at first, or 0;
2. the table of instants from place 1 on, in order: three numbers, how many they are, how many
   bytes each takes, and, folded, by how many milliseconds the first comes after the poll above,
   or after the start where there was none; then of each the milliseconds since the first;
3. two groups of offers. Each is the number of offers in it; their ids of 16 bytes, sorted; and
   their records (:mod:`.records`), whose fields
   :mod:`.offer_records` describes.

The records of a group are as wide as its widest fields need. So the few offers of which ``t`` or
``tt`` takes more than 16 bits are the second group, and all others the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from uuid import UUID

from aggregator.history.bars import MS_PER_HOUR
from aggregator.history.codec.blobs import (
    Reader,
    fold,
    seal,
    split_ids,
    unfold,
    unseal,
    write_number,
)
from aggregator.history.codec.offer_records import N_FIELDS, Frame, from_record, to_record
from aggregator.history.codec.records import Records, write_records
from aggregator.history.offer_hours import OfferHour, OfferHours

_VERSION = 1


def encode_offer_hours(hours: OfferHours) -> bytes:
    """Return the figures of one hour's offers as a blob.

    :param hours: as :func:`~aggregator.history.summary.summarise` returns them.
    :raises ValueError: They contradict each other, and would be read back as something else.
    """
    start, observed_at = hours.start, hours.observed_at
    known_ms = hours.offers[0].bar.known_ms if hours.offers else 0
    frame = Frame(start, known_ms, _find_floor(hours))
    instants = _find_instants(hours)
    places = {at: place for place, at in enumerate([start, *instants])}
    records = [(offer.offer_id, to_record(offer, frame, places)) for offer in hours.offers]
    content = (
        write_number(MS_PER_HOUR - known_ms)
        + write_number(0 if observed_at is None else 1 + start - observed_at)
        + write_number(0 if hours.last_poll is None else start + MS_PER_HOUR - hours.last_poll)
        + write_number(frame.floor)
        + _write_instants(instants, start if observed_at is None else observed_at)
        + _write_group([record for record in records if not _is_wide(record[1])])
        + _write_group([record for record in records if _is_wide(record[1])])
    )
    blob = seal(content, start, _VERSION)
    # The detail that they come from will be dropped, so what is written is read back at once.
    if decode_offer_hours(blob, start) != replace(hours, offers=list(hours.offers)):
        raise ValueError(f"figures of the hour that starts at {start} contradict each other")
    return blob


def decode_offer_hours(blob: bytes, start: int) -> OfferHours:
    """Return the figures of all offers of the hour that begins at ``start``.

    :raises CodecError: The blob is damaged, another hour's, or of an unknown version.
    """
    content = _Content(blob, start)
    offers = [
        content.offer(offer_id, group.records.get(i))
        for group in content.groups()
        for i, offer_id in enumerate(group.offer_ids())
    ]
    offers.sort(key=attrgetter("offer_id"))
    return OfferHours(start, content.observed_at, content.last_poll, offers)


def read_offer_ids(blob: bytes, start: int) -> list[UUID]:
    """Return the offers of the hour that begins at ``start``, sorted.

    :raises CodecError: The blob is damaged, another hour's, or of an unknown version.
    """
    return sorted(id_ for group in _Content(blob, start).groups() for id_ in group.offer_ids())


def find_offer_hour(blob: bytes, start: int, offer_id: UUID) -> OfferHour | None:
    """Return one offer's figures, or None where it was not listed in that hour.

    :raises CodecError: The blob is damaged, another hour's, or of an unknown version.
    """
    content = _Content(blob, start)
    for group in content.groups():
        i = group.find(offer_id)
        if i is not None:
            return content.offer(offer_id, group.records.get(i))
    return None


class _Content:
    """A blob's content, of which single offers can be read."""

    def __init__(self, blob: bytes, start: int) -> None:
        reader = self._reader = Reader(unseal(blob, start, _VERSION))
        known_ms = MS_PER_HOUR - reader.number()
        ago = reader.number()
        self.observed_at = start + 1 - ago if ago else None
        ago = reader.number()
        self.last_poll = start + MS_PER_HOUR - ago if ago else None
        self._frame = Frame(start, known_ms, reader.number())
        n_instants, self._size = reader.number(), reader.number()
        origin = start if self.observed_at is None else self.observed_at
        self._first = origin + unfold(reader.number())
        self._instants = reader.take(n_instants * self._size)

    def groups(self) -> Iterator[_Group]:
        """Yield the groups. Only to be called once."""
        yield _Group(self._reader)
        yield _Group(self._reader)
        self._reader.finish()

    def offer(self, offer_id: UUID, record: Sequence[int]) -> OfferHour:
        """Return the offer that has this record."""
        return from_record(offer_id, record, self._frame, self._instant_at)

    def _instant_at(self, place: int) -> int:
        if not place:
            return self._frame.start
        end = place * self._size
        return self._first + int.from_bytes(self._instants[end - self._size : end], "little")


class _Group:
    """Offers whose records are equally wide."""

    def __init__(self, reader: Reader) -> None:
        n_offers = reader.number()
        self._ids = reader.take(16 * n_offers)
        self.records = Records(reader, n_offers, N_FIELDS)

    def offer_ids(self) -> list[UUID]:
        """Return the offers' ids."""
        return split_ids(self._ids)

    def find(self, offer_id: UUID) -> int | None:
        """Return which offer of the group this is, or None where it is none of them."""
        wanted = offer_id.bytes
        at = self._ids.find(wanted)
        # Its bytes may also turn up across two other ids.
        while at != -1 and at % 16:
            at = self._ids.find(wanted, at + 1)
        return None if at == -1 else at // 16


def _find_floor(hours: OfferHours) -> int:
    return min((offer.opening.price for offer in hours.offers if offer.opening), default=0)


def _find_instants(hours: OfferHours) -> list[int]:
    """Return the instants that the records tell, without the hour's own, in order."""
    instants = set()
    for offer in hours.offers:
        instants |= {state.changed_at for state in (offer.opening, offer.closing) if state}
        instants |= {mark.at for mark in offer.landmarks if mark}
    return sorted(instants - {hours.start, hours.start + MS_PER_HOUR})


def _write_instants(instants: Sequence[int], origin: int) -> bytes:
    first, last = (instants[0], instants[-1]) if instants else (origin, origin)
    size = ((last - first).bit_length() + 7) // 8
    head = write_number(len(instants)) + write_number(size) + write_number(fold(first - origin))
    return head + b"".join((at - first).to_bytes(size, "little") for at in instants)


def _is_wide(record: Sequence[int]) -> bool:
    *_, t, tt = record
    return max(t, tt).bit_length() > 16


def _write_group(offers: Sequence[tuple[UUID, Sequence[int]]]) -> bytes:
    ids = b"".join(offer_id.bytes for offer_id, _ in offers)
    records = write_records([record for _, record in offers])
    return write_number(len(offers)) + ids + records
