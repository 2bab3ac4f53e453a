"""Reading and writing at once, for some time, while a poller works."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

import psutil
from sqlalchemy import text

from benchmarks.rig import cpu_s, start_poller
from benchmarks.web.mixture import make_mixture
from benchmarks.web.results import OtherRow
from benchmarks.web.servers import STALE_AFTER_S
from benchmarks.web.stage import Stage
from benchmarks.web.wrk import Load, Script

_CONNECTIONS = 64
_TARGET_P99_MS = 150
#: With more than this much more memory than after the warm-up, it is not flat.
_FLAT = 0.05
#: The warm-up is a fifth of the time; memory is looked at for a tenth of it after that, and at
#: the end.
_WARM_UP, _LOOKED_AT = 0.2, 0.1
_N_SAMPLES = 100
#: As after failures in a row: who waited as long for no reason would be brought back.
_NOT_DUE = (
    "UPDATE product_sync SET due_at = now() + interval '14 minutes', failures = 9,"
    " last_error = 'not to be polled meanwhile'"
)
_DUE = (
    "UPDATE product_sync SET due_at = now() + random() * interval '1 minute', failures = 0,"
    " last_error = NULL"
    " WHERE product_id IN (SELECT id FROM products ORDER BY md5(id::text) LIMIT :n)"
)
_OVERDUE = "SELECT count(*) FROM product_sync WHERE due_at < now() - interval '5 seconds'"


@dataclass(frozen=True)
class _Seen:
    """What happened."""

    load: Load
    memory: Sequence[Sequence[int]]
    """Bytes of each worker, at regular intervals."""
    n_polls: int
    n_overdue: int
    """Products that waited for the poller in the end."""
    poller_cpu_s: float


def measure_mixed(stage: Stage) -> Iterator[OtherRow]:
    """Yield what two workers make of it, and what memory they take meanwhile."""
    seen = _run(stage)
    yield _load_row(stage, seen)
    yield _memory_row(seen.memory)


def _run(stage: Stage) -> _Seen:
    script = Script(stage.folder / "mixed", make_mixture(stage))
    with stage.engine.begin() as connection:
        connection.execute(text(_NOT_DUE))
        connection.execute(text(_DUE), {"n": stage.size.polled})
    workers = stage.ours_2_workers.workers
    memory, n_polls_before = [], stage.upstream.count()
    with ExitStack() as stack:
        settings = {"POLL_INTERVAL_S": "60", "STALE_AFTER_S": STALE_AFTER_S}
        poller = start_poller(stack, stage.url, stage.upstream.base_url, **settings)
        run = stack.enter_context(script.running(stage.ours_2_workers.port, _CONNECTIONS))
        for _ in range(_N_SAMPLES):
            time.sleep(stage.size.mixed_s / _N_SAMPLES)
            memory.append([worker.memory_info().rss for worker in workers])
        load = run.stop()
        assert poller.poll() is None, "the poller ended"
        with stage.engine.connect() as connection:
            n_overdue = connection.scalar(text(_OVERDUE)) or 0
        poller_cpu_s = cpu_s(psutil.Process(poller.pid))
    return _Seen(load, memory, stage.upstream.count() - n_polls_before, n_overdue, poller_cpu_s)


def _load_row(stage: Stage, seen: _Seen) -> OtherRow:
    load, seconds = seen.load, stage.size.mixed_s
    p50_ms, p99_ms, polls_per_s = load.p50_us / 1000, load.p99_us / 1000, seen.n_polls / seconds
    return OtherRow(
        f"mixed load of {_CONNECTIONS} connections for {seconds:g} s, two workers,"
        f" poller of {stage.size.polled:,} products",
        f"{load.errors} errors, p99 {p99_ms:.0f} ms, p50 {p50_ms:.0f} ms,"
        f" {load.per_s:,.0f} requests and {polls_per_s:,.0f} polls a second",
        f"no error, p99 ≤ {_TARGET_P99_MS} ms",
        not load.errors and p99_ms <= _TARGET_P99_MS,
        {
            "per_s": round(load.per_s, 1),
            "requests": load.requests,
            "errors": load.errors,
            "p50_ms": p50_ms,
            "p95_ms": load.p95_us / 1000,
            "p99_ms": p99_ms,
            "polls_per_s": round(polls_per_s, 1),
            "overdue": seen.n_overdue,
            "poller_cpu": round(seen.poller_cpu_s / seconds, 3),
        },
    )


def _memory_row(memory: Sequence[Sequence[int]]) -> OtherRow:
    first, n = round(len(memory) * _WARM_UP), round(len(memory) * _LOOKED_AT)
    grown = [
        {"warm_mb": median(sizes[first : first + n]) / 1e6, "end_mb": median(sizes[-n:]) / 1e6}
        for sizes in zip(*memory, strict=True)
    ]
    return OtherRow(
        "… memory of each worker, after a fifth of that time and at the end",
        "; ".join(f"{each['warm_mb']:.1f} to {each['end_mb']:.1f} MB" for each in grown),
        f"flat: at most {_FLAT:.0%} more",
        all(each["end_mb"] <= each["warm_mb"] * (1 + _FLAT) for each in grown),
        {"workers": grown},
    )
