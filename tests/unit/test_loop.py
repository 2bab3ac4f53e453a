"""The loop runs its jobs for ever, whatever they raise, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.testing import capture_logs

from poller.loop import Loop

pytestmark = pytest.mark.waits


class Looks(threading.Event):
    """An event that is set after so many waits, none of which takes any time.

    :param then: called at each wait.
    """

    def __init__(self, n: int, then: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self._left = n
        self._then = then
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        self._left -= 1
        if self._left < 0:
            self.set()
        else:
            self._then()
        return self.is_set()


class Clocks:
    """Both clocks, moved by the test; stands in for the module ``time``."""

    def __init__(self) -> None:
        self.wall = 1_772_366_400.0
        self.steady = 500.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def pass_s(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


@contextmanager
def _running(loop: Loop) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()
    yield thread
    loop.stop.set()
    thread.join(2)
    assert not thread.is_alive()


@pytest.fixture
def _own_signals() -> Iterator[None]:
    before = {kind: signal.getsignal(kind) for kind in (signal.SIGTERM, signal.SIGINT)}
    yield
    for kind, handler in before.items():
        signal.signal(kind, handler)


def test_job_runs_at_once_and_again_at_its_interval() -> None:
    loop, ran = Loop(), threading.Semaphore(0)
    loop.every(0.02, ran.release)
    with _running(loop):
        assert all(ran.acquire(timeout=1) for _ in range(3))


@pytest.mark.parametrize("wall_goes_on", [True, False])
def test_job_does_not_run_before_its_time(
    monkeypatch: pytest.MonkeyPatch, wall_goes_on: bool
) -> None:
    clocks, runs = Clocks(), list[str]()
    monkeypatch.setattr("poller.clock_watch.time", clocks)
    loop = Loop()
    loop.stop = Looks(5, lambda: clocks.pass_s(1.0 * wall_goes_on))
    loop.every(3600, lambda: runs.append("run"))
    with capture_logs() as logs:
        loop.run()
    assert runs == ["run"]
    assert logs == []


def test_loop_never_sleeps_long() -> None:
    loop, looks = Loop(), Looks(3)
    loop.stop = looks
    loop.every(3600, lambda: None)
    loop.run()
    assert looks.waits == [1.0] * 4


@pytest.mark.parametrize(
    ("jump_s", "runs"),
    [
        pytest.param(-3600.0, 2, id="an-hour-back"),
        pytest.param(86_400.0, 2, id="a-day-on"),
        pytest.param(2.5, 2, id="just-a-jump"),
        pytest.param(1.5, 1, id="drift"),
        pytest.param(0.0, 1, id="none"),
    ],
)
def test_jump_of_the_wall_clock_runs_the_jobs_once(
    monkeypatch: pytest.MonkeyPatch, jump_s: float, runs: int
) -> None:
    clocks, ran = Clocks(), list[str]()
    monkeypatch.setattr("poller.clock_watch.time", clocks)
    loop = Loop()
    jumps = iter([0.0, jump_s, 0.0, 0.0])

    def look() -> None:
        clocks.pass_s(1.0)
        clocks.wall += next(jumps)

    loop.stop = Looks(4, look)
    loop.every(3600, lambda: ran.append("run"))
    with capture_logs() as logs:
        loop.run()
    assert len(ran) == runs
    told = [(line["event"], line["log_level"], line["seconds"]) for line in logs]
    assert told == [("clock_jumped", "warning", jump_s)] * (runs - 1)


def test_job_that_raises_is_run_again() -> None:
    loop, ran = Loop(), threading.Semaphore(0)

    def job() -> None:
        ran.release()
        raise ZeroDivisionError

    loop.every(0.02, job)
    with capture_logs() as logs, _running(loop):
        assert all(ran.acquire(timeout=1) for _ in range(3))
    assert {(line["event"], line["log_level"], line["exc_info"]) for line in logs} == {
        ("job_failed", "error", True)
    }


def test_job_that_raises_does_not_keep_others_from_running() -> None:
    loop, ran = Loop(), threading.Event()

    def job() -> None:
        raise ZeroDivisionError

    loop.every(0.02, job)
    loop.every(0.02, ran.set)
    with capture_logs(), _running(loop):
        assert ran.wait(1)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT 1", {}, Exception("server closed\nthe connection")),
        InterfaceError("SELECT 1", {}, Exception("connection already closed")),
        PoolTimeout("QueuePool limit reached"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_database_error_is_one_warning_without_a_traceback(error: Exception) -> None:
    loop = Loop()
    loop.stop = Looks(0)

    def job() -> None:
        raise error

    loop.every(3600, job)
    with capture_logs() as logs:
        loop.run()
    assert logs == [
        {
            "event": "database_unavailable",
            "log_level": "warning",
            "reason": str(error).splitlines()[0],
            "left_out": 0,
        }
    ]


def test_first_job_is_tried_until_it_does_not_fail_and_others_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("poller.loop._RETRY_S", 0.01)
    loop, done, ran = Loop(), [], threading.Event()

    def first() -> None:
        done.append("first")
        if len(done) < 3:
            raise OperationalError("SELECT 1", {}, Exception("away"))

    loop.begin_with(first)
    loop.every(3600, lambda: done.append("other"))
    loop.every(3600, ran.set)
    with capture_logs() as logs, _running(loop):
        assert ran.wait(1)
    assert done == ["first", "first", "first", "other"]
    assert [line["event"] for line in logs] == ["database_unavailable", "database_back"]


def test_database_that_stays_away_is_told_seldom_and_that_it_is_back_once() -> None:
    loop, runs = Loop(), list[str]()
    loop.stop = Looks(0)

    def job() -> None:
        runs.append("run")
        if len(runs) < 5:
            raise OperationalError("SELECT 1", {}, Exception("away"))

    for _ in range(6):
        loop.every(3600, job)
    loop.every(3600, lambda: None)
    with capture_logs() as logs:
        loop.run()
    assert [line["event"] for line in logs] == ["database_unavailable", "database_back"]


def test_loop_whose_first_job_fails_still_ends() -> None:
    loop, tried, ran = Loop(), threading.Event(), threading.Event()

    def first() -> None:
        tried.set()
        raise OperationalError("SELECT 1", {}, Exception("away"))

    loop.begin_with(first)
    loop.every(3600, ran.set)
    with capture_logs(), _running(loop):
        assert tried.wait(1)
    assert not ran.is_set()


def test_stop_ends_the_loop_at_once() -> None:
    loop, ran = Loop(), threading.Event()
    loop.every(3600, ran.set)
    with _running(loop) as thread:
        assert ran.wait(1)
        started = time.monotonic()
        loop.stop.set()
        thread.join(2)
        assert time.monotonic() - started < 0.9


def test_job_under_way_finishes_before_the_loop_ends() -> None:
    loop, begun, let_go, done = Loop(), threading.Event(), threading.Event(), threading.Event()

    def job() -> None:
        begun.set()
        let_go.wait(2)
        done.set()

    loop.every(3600, job)
    with _running(loop) as thread:
        assert begun.wait(1)
        loop.stop.set()
        thread.join(0.05)
        assert thread.is_alive()
        let_go.set()
    assert done.is_set()


@pytest.mark.usefixtures("_own_signals")
@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT], ids=lambda kind: kind.name)
def test_signal_ends_the_loop(kind: signal.Signals) -> None:
    loop = Loop()
    loop.stop_on_signals()
    loop.every(60, lambda: os.kill(os.getpid(), kind))
    with capture_logs() as logs:
        loop.run()
    assert [(line["event"], line["signal"]) for line in logs] == [("stopping", kind.name)]


@pytest.mark.usefixtures("_own_signals")
def test_a_job_that_hangs_keeps_nobody_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poller.loop._GRACE_S", 0.1)
    loop, release = Loop(), threading.Event()
    loop.stop_on_signals()

    def hang() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        release.wait(10)

    loop.every(60, hang)
    with capture_logs() as logs:
        loop.run()
    release.set()
    assert logs[-1]["event"] == "stopped_while_a_job_hangs"


def test_last_jobs_run_once_when_the_loop_ends_whatever_they_raise() -> None:
    loop, ran = Loop(), list[str]()
    loop.stop = Looks(2)
    loop.every(3600, lambda: ran.append("job"))
    loop.at_end(lambda: ran.index("nothing"))
    loop.at_end(lambda: ran.append("last"))
    with capture_logs() as logs:
        loop.run()
    assert ran == ["job", "last"]
    assert [line["event"] for line in logs] == ["job_failed"]


def test_job_with_more_to_do_runs_again_at_once_but_not_before_others() -> None:
    loop, runs = Loop(), list[str]()
    loop.stop = Looks(4)

    def job() -> bool:
        runs.append("more" if len(runs) < 4 else "done")
        return runs[-1] == "more"

    loop.every(3600, job)
    loop.every(3600, lambda: runs.append("other"))
    loop.run()
    assert runs == ["more", "other", "more", "more", "done"]


def test_job_beside_others_keeps_none_waiting() -> None:
    loop, ran = Loop(), threading.Semaphore(0)
    loop.beside(0.02, lambda: loop.stop.wait(30), name="hangs")
    loop.every(0.02, ran.release)
    with _running(loop):
        assert all(ran.acquire(timeout=5) for _ in range(3))
