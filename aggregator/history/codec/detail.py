"""The detail of one hour as a blob, and back.

:mod:`.blobs` describes the shell, :mod:`.columns` what a
content is made of. A content of version 1 holds, in this order:

1. the polls (:mod:`.polls`);
2. the column of what each poll changed: 0 nothing, else 1, and 2 more where prices move, 4 more
   where stocks do, of any offer that is listed before and after;
3. the number of offers;
4. the runs (:mod:`.runs`);
5. the column of when those offers last changed that are listed at first, in milliseconds before
   the last poll before the hour, or before 1970 where there was none;
6. the moves (:mod:`.moves`) of the prices, and then of the stocks.

Which offers these are is not in it: random ids would be a tenth of it, and they stand in the
figures of the same hour already (:mod:`.offer_hours`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, compress, islice
from uuid import UUID

from aggregator.history.bars import MS_PER_HOUR
from aggregator.history.codec.blobs import CodecError, seal, unseal
from aggregator.history.codec.columns import ColumnReader, ColumnWriter
from aggregator.history.codec.moves import Rows, find_moved, read_rows, write_rows
from aggregator.history.codec.polls import read_polls, write_polls
from aggregator.history.codec.runs import Run, find_runs, read_runs, write_runs
from aggregator.history.detail import NOT_LISTED, Detail

_VERSION = 1
_PRICES_MOVE, _STOCKS_MOVE = 2, 4


def encode_detail(detail: Detail) -> bytes:
    """Return the detail of one hour as a blob.

    :param detail: as :func:`~aggregator.history.detail.make_detail` returns it.
    :raises ValueError: It is something else, and would be read back as yet another thing.
    """
    runs_of = [find_runs(stocks) for stocks in detail.stocks]
    runs = list(chain.from_iterable(runs_of))
    prices, stocks = _cut(detail.prices, runs_of), _cut(detail.stocks, runs_of)
    n_instants = len(detail.instants)
    prices_move = find_moved(runs, prices, n_instants)
    stocks_move = find_moved(runs, stocks, n_instants)
    kinds = [
        1 | _PRICES_MOVE * price | _STOCKS_MOVE * stock
        for price, stock in zip(prices_move, stocks_move, strict=True)
    ]
    kind_at = dict(zip(detail.instants, kinds, strict=True))

    writer = ColumnWriter()
    write_polls(writer, detail.start, detail.last_poll, detail.polls)
    writer.column([kind_at.get(at, 0) for at in detail.polls])
    writer.number(len(detail.offers))
    write_runs(writer, runs_of, n_instants + 1)
    before = detail.last_poll or 0
    writer.column([before - at for at in compress(detail.changed, _are_open(runs_of))])
    write_rows(writer, runs, prices, prices_move)
    write_rows(writer, runs, stocks, stocks_move)
    blob = seal(writer.content(), detail.start, _VERSION)
    # The rows that it comes from will be deleted, so what is written is read back at once.
    told = replace(detail, polls=list(detail.polls), offers=list(detail.offers))
    if decode_detail(blob, detail.start, detail.offers) != told:
        raise ValueError(f"the detail from {detail.start} on is not that of an hour")
    return blob


def decode_detail(blob: bytes, start: int, offers: Sequence[UUID]) -> Detail:
    """Return the detail of the hour that begins at ``start``.

    :param offers: all that are listed at any time of the hour, sorted.
    :raises CodecError: The blob is damaged, another hour's, of an unknown version, or not about
        so many offers.
    """
    reader = ColumnReader(unseal(blob, start, _VERSION))
    last_poll, polls = read_polls(reader, start)
    kinds = reader.column(len(polls))
    instants = list(compress(polls, kinds))
    kinds = [kind for kind in kinds if kind]
    if (n_offers := reader.number()) != len(offers):
        raise CodecError(f"The detail is of {n_offers} offers, not of {len(offers)}.")
    runs_of = read_runs(reader, len(offers), len(instants) + 1)
    runs = list(chain.from_iterable(runs_of))
    are_open = _are_open(runs_of)
    before = last_poll or 0
    ages = iter(reader.column(sum(are_open)))
    changed = [before - next(ages) if is_open else 0 for is_open in are_open]
    prices = iter(read_rows(reader, runs, [kind & _PRICES_MOVE for kind in kinds]))
    stocks = iter(read_rows(reader, runs, [kind & _STOCKS_MOVE for kind in kinds]))
    reader.finish()
    return Detail(
        start,
        start + MS_PER_HOUR,
        last_poll,
        polls,
        instants,
        list(offers),
        [_price_row(offer_runs, prices, len(instants) + 1) for offer_runs in runs_of],
        [_stock_row(offer_runs, stocks, len(instants) + 1) for offer_runs in runs_of],
        changed,
    )


def _are_open(runs_of: Sequence[Sequence[Run]]) -> list[bool]:
    """Return of each offer whether it is listed in column 0."""
    return [bool(runs) and runs[0].begin == 0 for runs in runs_of]


def _cut(table: Sequence[Sequence[int]], runs_of: Sequence[Sequence[Run]]) -> Rows:
    """Return what a table holds of the runs, offer by offer."""
    return [
        list(row[run.begin : run.end])
        for row, runs in zip(table, runs_of, strict=True)
        for run in runs
    ]


def _price_row(runs: Sequence[Run], rows: Iterator[list[int]], n_columns: int) -> list[int]:
    """Return an offer's prices: those of its runs, each carried on to the next run."""
    prices: list[int] = []
    carried = 0
    for run, row in zip(runs, islice(rows, len(runs)), strict=True):
        prices += [carried] * (run.begin - len(prices))
        prices += row
        carried = row[-1]
    return prices + [carried] * (n_columns - len(prices))


def _stock_row(runs: Sequence[Run], rows: Iterator[list[int]], n_columns: int) -> list[int]:
    """Return an offer's stocks: those of its runs, and that it is not listed between them."""
    stocks: list[int] = []
    for run, row in zip(runs, islice(rows, len(runs)), strict=True):
        stocks += [NOT_LISTED] * (run.begin - len(stocks))
        stocks += row
    return stocks + [NOT_LISTED] * (n_columns - len(stocks))
