"""The polls of one hour as part of a blob: a steady beat, and how far each poll is off it.

There are, in this order: 0 where no poll came before the hour, else the milliseconds from the
last such poll to the hour's start; the number of polls; and where there are any, the first one,
in milliseconds from the start, the beat in milliseconds, and two columns
(:mod:`.columns`) that leave out the first poll. They have of each poll how
many beats it comes after the one before, and how many milliseconds after its place, which is
that many beats, all added up, behind the first poll.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from statistics import median_low

from aggregator.history.bars import MS_PER_HOUR
from aggregator.history.codec.blobs import CodecError
from aggregator.history.codec.columns import ColumnReader, ColumnWriter


def write_polls(
    writer: ColumnWriter, start: int, last_poll: int | None, polls: Sequence[int]
) -> None:
    """Write the polls of the hour that begins at ``start``, and the last one before it.

    :raises ValueError: A poll is before its time.
    """
    writer.number(0 if last_poll is None else start - last_poll)
    writer.number(len(polls))
    if not polls:
        return
    first = polls[0]
    elapsed = [at - first for at in polls]
    beat = _beat(elapsed)
    beats = [round(at / beat) for at in elapsed]
    writer.number(first - start)
    writer.number(beat)
    writer.column([b - a for a, b in pairwise(beats)])
    writer.column([at - beat * n for at, n in zip(elapsed[1:], beats[1:], strict=True)])


def read_polls(reader: ColumnReader, start: int) -> tuple[int | None, list[int]]:
    """Return the last poll before the hour that begins at ``start``, and those of the hour.

    :raises CodecError: What was written makes no sense.
    """
    ago = reader.number()
    last_poll = start - ago if ago else None
    n_polls = reader.number()
    if not n_polls:
        return last_poll, []
    if n_polls > MS_PER_HOUR:
        raise CodecError(f"{n_polls} polls are more than an hour has milliseconds.")
    first = start + reader.number()
    beat = reader.number()
    beats = accumulate(reader.column(n_polls - 1))
    off = reader.column(n_polls - 1)
    return last_poll, [first, *[first + beat * n + ms for n, ms in zip(beats, off, strict=True)]]


def _beat(elapsed: Sequence[int]) -> int:
    """Return the mean step between polls, where a step in which polls are missing is several."""
    if len(elapsed) < 2:
        return 1
    typical = median_low([b - a for a, b in pairwise(elapsed)])
    return round(elapsed[-1] / round(elapsed[-1] / typical))
