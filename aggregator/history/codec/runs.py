"""Runs: the stretches of a detail's tables in which an offer is listed.

In a blob they are three columns (:mod:`.columns`): of each offer, how many runs
it has; of each run, offer by offer, how many table columns it begins behind the end of the
offer's run before, or behind the first column; and of each run, how many follow after its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from aggregator.history.codec.blobs import CodecError
from aggregator.history.codec.columns import ColumnReader, ColumnWriter
from aggregator.history.detail import NOT_LISTED


class Run(NamedTuple):
    """The columns ``[begin, end)``."""

    begin: int
    end: int


def find_runs(stocks: Sequence[int]) -> list[Run]:
    """Return the runs of the offer with these stocks, in order."""
    runs, begin = [], 0
    for is_listed, columns in groupby(stocks, NOT_LISTED.__ne__):
        end = begin + len(list(columns))
        if is_listed:
            runs.append(Run(begin, end))
        begin = end
    return runs


def write_runs(writer: ColumnWriter, runs_of: Sequence[Sequence[Run]], n_columns: int) -> None:
    """Write the runs of each offer."""
    writer.column([len(runs) for runs in runs_of])
    after = []
    for runs in runs_of:
        end = 0
        for run in runs:
            after.append(run.begin - end)
            end = run.end
    writer.column(after)
    writer.column([n_columns - run.end for runs in runs_of for run in runs])


def read_runs(reader: ColumnReader, n_offers: int, n_columns: int) -> list[list[Run]]:
    """Return the runs of each offer.

    :raises CodecError: What was written makes no sense.
    """
    counts = reader.column(n_offers)
    if not all(0 <= count <= n_columns for count in counts):
        raise CodecError("An offer has more runs than there are columns.")
    after = iter(reader.column(sum(counts)))
    left = iter(reader.column(sum(counts)))
    return [_read_runs_of_one(count, after, left, n_columns) for count in counts]


def _read_runs_of_one(
    count: int, after: Iterator[int], left: Iterator[int], n_columns: int
) -> list[Run]:
    runs, end = [], 0
    for _ in range(count):
        begin = end + next(after)
        if not end <= begin < (behind := n_columns - next(left)) <= n_columns:
            raise CodecError("The runs of an offer are out of order.")
        end = behind
        runs.append(Run(begin, end))
    return runs
