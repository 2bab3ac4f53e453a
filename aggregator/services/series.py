"""Reading a curve over a period: bars by bucket, and the landmarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

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
    Landmarks,
    edge_landmarks,
    find_landmarks,
    join_landmarks,
)
from aggregator.history.plan import Piece
from aggregator.services.archive import Archive
from aggregator.services.curves import Curve


def find_runs(pieces: Sequence[Piece]) -> Stretches:
    """Return the stretches of which the detail is needed."""
    runs = (list(group) for hourly, group in groupby(pieces, _is_hourly) if not hourly)
    return [(run[0].start, run[-1].end) for run in runs]


def read_series(
    archive: Archive, curve: Curve, pieces: Sequence[Piece], known: Stretches, opening: Value
) -> tuple[list[Bar], Landmarks]:
    """Return one bar a bucket, and the landmarks of all pieces together.

    :param pieces: of all buckets, in order and without a hole.
    :param known: when we knew.
    :param opening: the curve's value at the start of the first piece.
    """
    hours = curve.hours(archive, known)
    ranges = [(piece.start, piece.end) for piece in pieces if piece.hourly]
    hourly_bars = iter(hours.bars(ranges) if ranges else [])
    landmarks = [hours.landmarks(ranges[0][0], ranges[-1][1])] if ranges else []
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
    filled = list(_filled(pieces, bars, opening))
    landmarks += [edge_landmarks(part) for parts in filled for part in parts]
    buckets = groupby(zip(pieces, filled, strict=True), lambda part: part[0].bucket)
    whole = [[bar for _, parts in group for bar in parts] for _, group in buckets]
    return [combine_bars(parts) for parts in whole], join_landmarks(landmarks)


def _is_hourly(piece: Piece) -> bool:
    return piece.hourly


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
