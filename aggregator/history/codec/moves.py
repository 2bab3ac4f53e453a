"""Moves: what the runs of one table do from column to column.

In a blob they are, in this order: the column (:mod:`.columns`) of what each
run begins with; 1 where the moves are *led*, else 0; and the column of the moves, the differences
between the neighbouring values of a run, run by run. Left out are those at instants at which
nothing moves in the table.

Of a led move only what it exceeds its leader by is there: the move at the same instant of the
last run before it that has one, or else 0. Offers of one product tend to move together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, compress, islice
from operator import add, sub

from aggregator.history.codec.columns import ColumnReader, ColumnWriter
from aggregator.history.codec.runs import Run

#: What a table holds, run by run.
Rows = list[list[int]]


def find_moved(runs: Sequence[Run], rows: Rows, n_instants: int) -> list[bool]:
    """Return of each instant whether any run moves there."""
    moved = [False] * n_instants
    for run, row in zip(runs, rows, strict=True):
        for k in range(1, len(row)):
            if row[k] != row[k - 1]:
                moved[run.begin + k - 1] = True
    return moved


def write_rows(
    writer: ColumnWriter, runs: Sequence[Run], rows: Rows, moved: Sequence[bool]
) -> None:
    """Write what the runs of a table hold."""
    moves = [list(map(sub, row[1:], row)) for row in rows]
    excess = _reduce(runs, moves, len(moved))
    writer.column([row[0] for row in rows])
    writer.smallest([_thin(runs, moves, moved), _thin(runs, excess, moved)])


def _thin(runs: Sequence[Run], rows: Rows, moved: Sequence[bool]) -> list[int]:
    """Return what runs hold of the instants at which any of them moves, one after another."""
    return [
        move
        for run, row in zip(runs, rows, strict=True)
        for move in compress(row, moved[run.begin :])
    ]


def read_rows(reader: ColumnReader, runs: Sequence[Run], moved: Sequence[int]) -> Rows:
    """Return what the runs of a table hold.

    :param moved: of each instant, something other than 0 where any run moves.
    """
    firsts = reader.column(len(runs))
    is_led = reader.number()
    are_stored = [moved[run.begin : run.end - 1] for run in runs]
    stored = iter(reader.column(sum(len(row) - row.count(0) for row in are_stored)))
    moves = [_spread(stored, row) for row in are_stored]
    if is_led:
        moves = _restore(runs, moves, len(moved))
    return [list(accumulate(row, initial=first)) for first, row in zip(firsts, moves, strict=True)]


def _spread(stored: Iterator[int], are_stored: Sequence[int]) -> list[int]:
    """Return the next moves of one run: what is stored, and zeros where nothing is."""
    if all(are_stored):
        return list(islice(stored, len(are_stored)))
    return [next(stored) if is_stored else 0 for is_stored in are_stored]


def _reduce(runs: Sequence[Run], moves: Rows, n_instants: int) -> Rows:
    """Return by how much moves exceed those that lead them."""
    leader = [0] * n_instants
    excess = []
    for run, row in zip(runs, moves, strict=True):
        part = slice(run.begin, run.end - 1)
        excess.append(list(map(sub, row, leader[part])))
        leader[part] = row
    return excess


def _restore(runs: Sequence[Run], excess: Rows, n_instants: int) -> Rows:
    """Return the moves, given by how much they exceed those that lead them."""
    leader = [0] * n_instants
    moves = []
    for run, row in zip(runs, excess, strict=True):
        part = slice(run.begin, run.end - 1)
        leader[part] = map(add, row, leader[part])
        moves.append(leader[part])
    return moves
