"""Reading a curve over a period: bars by bucket, and the landmarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from operator import attrgetter
from typing import NamedTuple

from aggregator.history.bars import (
    Bar,
    Steps,
    Stretches,
    Value,
    combine_bars,
    fill_holes,
    make_bars,
)
from aggregator.history.landmarks import (
    NO_LANDMARKS,
    Landmarks,
    Mark,
    edge_landmarks,
    find_landmarks,
    join_landmarks,
    point_landmarks,
)
from aggregator.history.plan import Piece, plan_pieces
from aggregator.services.archive import Archive
from aggregator.services.curves import Curve
from aggregator.services.endpoints import CurveReader
from aggregator.services.hourly_figures import HourlyFigures

_is_hourly = attrgetter("hourly")


class Series(NamedTuple):
    """A curve over a period."""

    at_start: Mark | None
    """The price at the period's start; None where there is none."""
    at_end: Mark | None
    """The price at its end; None where there is none."""
    bars: Sequence[Bar]
    """One a bucket."""
    closed: Landmarks
    """Of the whole period, its end included."""


def read_series(reader: CurveReader, boundaries: Sequence[int]) -> Series:
    """Return a curve over a period that is divided into buckets.

    :param boundaries: of the buckets, in order: instants that there is detail of, or whole hours.
    """
    archive, start, end = reader.archive, boundaries[0], boundaries[-1]
    pieces = list(plan_pieces(boundaries, archive.sealed_until))
    archive.load([*_find_runs(pieces), (start, start + 1), (end, end + 1)])
    at_start, at_end = reader.mark_at(start), reader.mark_at(end)
    bars, landmarks = _read_pieces(reader, pieces)
    filled = list(_filled(pieces, bars, at_start.value if at_start else None))
    landmarks.append(edge_landmarks(list(chain.from_iterable(filled))))
    landmarks += (point_landmarks(at_start), point_landmarks(at_end))
    return Series(at_start, at_end, _combined(pieces, filled), join_landmarks(landmarks))


def _find_runs(pieces: Sequence[Piece]) -> Stretches:
    """Return the stretches of which the detail is needed."""
    runs = (list(group) for hourly, group in groupby(pieces, _is_hourly) if not hourly)
    return [(run[0].start, run[-1].end) for run in runs]


def _read_pieces(
    reader: CurveReader, pieces: Sequence[Piece]
) -> tuple[list[list[Bar]], list[Landmarks]]:
    """Return the bars of each piece, maybe with holes, and the landmarks of all, in no order."""
    archive, curve, known = reader.archive, reader.curve, reader.known
    ranges = [(piece.start, piece.end) for piece in pieces if piece.hourly]
    hours = curve.hours(archive, ranges, known) if ranges else HourlyFigures([], NO_LANDMARKS)
    hourly_bars, landmarks = iter(hours.bars), [hours.landmarks]
    bars: list[list[Bar]] = []
    for hourly, group in groupby(pieces, _is_hourly):
        run = list(group)
        if hourly:
            bars += [next(hourly_bars) for _ in run]
        else:
            start, end = run[0].start, run[-1].end
            steps = _read_steps(archive, curve, start, end)
            bars += [[bar] for bar in make_bars(steps, known, [start, *(p.end for p in run)])]
            landmarks.append(find_landmarks(steps, start, end))
    return bars, landmarks


def _read_steps(archive: Archive, curve: Curve, start: int, end: int) -> Steps:
    """Return the curve from its last step before ``start``, or from there on."""
    times: list[int] = []
    values: list[Value] = []
    for detail in archive.details(start, end):
        steps = curve.steps(detail)
        times += steps.times
        values += steps.values
    if not times or times[0] > start:
        return Steps([start, *times], [None, *values])
    return Steps(times, values)


def _filled(
    pieces: Sequence[Piece], bars: Sequence[Sequence[Bar]], carried: Value
) -> Iterator[list[Bar]]:
    """Yield the bars of each piece without holes; where there is no figure, nothing changed."""
    for piece, found in zip(pieces, bars, strict=True):
        filled = fill_holes(found, piece.start, piece.end, carried)
        carried = filled[-1].close
        yield filled


def _combined(pieces: Sequence[Piece], filled: Sequence[Sequence[Bar]]) -> list[Bar]:
    """Return one bar a bucket, given those of each piece."""
    buckets = groupby(zip(pieces, filled, strict=True), lambda part: part[0].bucket)
    return [combine_bars([bar for _, bars in parts for bar in bars]) for _, parts in buckets]
