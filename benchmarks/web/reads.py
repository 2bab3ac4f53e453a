"""The plain reads, of ours and of every baseline in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.web.results import ReadRow, ServerFigures, spread
from benchmarks.web.servers import WebServer
from benchmarks.web.size import Size
from benchmarks.web.wrk import Load, Request, Script

_CONNECTIONS = 16
_OURS = ("ours", "ours_2_workers")
#: Answered 304, only ours is asked, and compared with *floor*'s whole answer.
_TARGETS_304 = {"floor": 0.6}


@dataclass(frozen=True)
class Read:
    """A kind of request.

    ``paths`` are asked for in turn; ``targets`` are multiples of what baselines do.
    """

    name: str
    paths: Sequence[str]
    targets: Mapping[str, float]


@dataclass(frozen=True)
class Sample:
    """What one server made of one kind of request in one round."""

    load: Load
    cpu_s: float


def plain_reads(product_ids: Sequence[object]) -> list[Read]:
    """Return the reads that have a target."""
    products = [f"/api/v1/products/{id_}" for id_ in product_ids]
    offers = [f"{path}/offers" for path in products]
    single = {"floor": 0.55, "usual": 2, "async": 1.2}
    return [
        Read(
            "GET /products?limit=50",
            ["/api/v1/products?limit=50"],
            {"floor": 0.5, "usual": 3, "async": 1.5},
        ),
        Read("GET /products/{id}", products, single),
        Read("GET /products/{id}/offers", offers, single),
    ]


def measure_reads(
    servers: Mapping[str, WebServer],
    reads: Sequence[Read],
    tags: Mapping[str, str],
    size: Size,
    folder: Path,
) -> list[ReadRow]:
    """Ask every server for everything, round by round.

    :param servers: by name: two of ours, and the baselines.
    :param tags: of each path, with which ours answers 304.
    """
    pairs: dict[tuple[str, str], tuple[Script, WebServer]] = {}
    for number, read in enumerate(reads):
        plain = Script(folder / f"{number}", [Request(path) for path in read.paths])
        known = [Request(path, tag=tags[path]) for path in read.paths]
        tagged = Script(folder / f"{number}-304", known)
        pairs |= {(read.name, name): (plain, server) for name, server in servers.items()}
        pairs[_name_304(read), "ours"] = tagged, servers["ours"]
    for script, server in pairs.values():
        script.send(server.port, size.load_s / 2, _CONNECTIONS)
    samples: dict[tuple[str, str], list[Sample]] = {pair: [] for pair in pairs}
    for _ in range(size.rounds):
        for pair, (script, server) in pairs.items():
            samples[pair].append(_sample(script, server, size.load_s))
    figures = {pair: _figures(of_pair) for pair, of_pair in samples.items()}
    return [_row(figures, read) for read in reads] + [_row_304(figures, read) for read in reads]


def _sample(script: Script, server: WebServer, seconds: float) -> Sample:
    before = server.cpu_s()
    load = script.send(server.port, seconds, _CONNECTIONS)
    return Sample(load, server.cpu_s() - before)


def _figures(samples: Sequence[Sample]) -> ServerFigures:
    loads = [sample.load for sample in samples]
    return ServerFigures(
        per_s=spread([load.per_s for load in loads]),
        cpu_us=spread([each.cpu_s * 1e6 / each.load.requests for each in samples]),
        p50_ms=spread([load.p50_us / 1000 for load in loads]),
        p95_ms=spread([load.p95_us / 1000 for load in loads]),
        p99_ms=spread([load.p99_us / 1000 for load in loads]),
    )


def _row(figures: Mapping[tuple[str, str], ServerFigures], read: Read) -> ReadRow:
    servers = {name: each for (request, name), each in figures.items() if request == read.name}
    return _compared(read.name, servers, read.targets)


def _row_304(figures: Mapping[tuple[str, str], ServerFigures], read: Read) -> ReadRow:
    floors = {name: figures[read.name, name] for name in ("floor", "floor_one_processor")}
    servers = {"ours": figures[_name_304(read), "ours"], **floors}
    return _compared(_name_304(read), servers, _TARGETS_304)


def _compared(
    name: str, servers: dict[str, ServerFigures], targets: Mapping[str, float]
) -> ReadRow:
    ours = servers["ours"].per_s.median
    ratios = {
        name: round(ours / figures.per_s.median, 3)
        for name, figures in servers.items()
        if name not in _OURS
    }
    met = None
    if targets.keys() <= ratios.keys():
        met = all(ratios[name] >= target for name, target in targets.items())
    return ReadRow(name, servers, ratios, dict(targets), met)


def _name_304(read: Read) -> str:
    return f"{read.name} answered 304"
