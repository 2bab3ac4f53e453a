"""Results as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.web.results import OtherRow, ReadRow, Results, Spread

_SERVERS = {
    "ours": "ours, 1 worker",
    "ours_2_workers": "ours, 2 workers",
    "floor": "floor",
    "floor_one_processor": "floor, one processor",
    "usual": "usual",
    "async": "async",
}
_BASELINES = ("floor", "floor_one_processor", "usual", "async")


def print_results(results: Results) -> None:
    """Print two tables: what is compared, and everything else."""
    for line in (*_read_lines(results.reads), "", *_other_lines(results.others)):
        print(line)


def _read_lines(rows: Sequence[ReadRow]) -> Iterator[str]:
    ratios = [f"× {_SERVERS[name]}" for name in _BASELINES]
    header = ["requests a second", *_SERVERS.values(), *ratios, "target", "met"]
    yield _line(header)
    yield "|" + "---|" * len(header)
    for row in rows:
        rates = (
            _spread(row.servers[name].per_s) if name in row.servers else "" for name in _SERVERS
        )
        times = (f"{row.ratios[name]:.2f}" if name in row.ratios else "" for name in _BASELINES)
        targets = ", ".join(f"≥ {target:g} × {name}" for name, target in row.targets.items())
        yield _line([row.request, *rates, *times, targets, _met(row.met)])


def _other_lines(rows: Sequence[OtherRow]) -> Iterator[str]:
    yield _line(["what", "measured", "target", "met"])
    yield "|---|---|---|---|"
    for row in rows:
        yield _line([row.what, row.measured, row.target, _met(row.met)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _spread(of: Spread) -> str:
    return f"{of.median:,.0f} ({of.min:,.0f} to {of.max:,.0f})"


def _met(met: bool | None) -> str:
    return "" if met is None else "yes" if met else "**no**"
