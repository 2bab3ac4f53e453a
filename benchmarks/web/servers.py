"""The web servers that are compared, each as its users start it."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import psutil

from benchmarks.client import Client
from benchmarks.rig import cpu_s, start
from tests.e2e.processes import environ, free_port
from tests.waiting import wait_until

#: Nothing that was polled when the benchmark began is stale at its end.
STALE_AFTER_S = str(7 * 86_400)
_BASELINES = "benchmarks.web.baselines"
_GTHREAD = ("gunicorn", "-c", f"python:{_BASELINES}.gthread")
_ONE_PROCESSOR = ("gunicorn", "-c", f"python:{_BASELINES}.one_processor")
_UVICORN = ("uvicorn", "--loop=uvloop", "--http=httptools", "--no-access-log")
_FLOOR = f"{_BASELINES}.floor:app"


class WebServer:
    """A web server; it ends with the stack.

    :param command: what runs it, behind ``python -m``.
    """

    def __init__(self, stack: ExitStack, *command: str, **settings: str) -> None:
        self.port = free_port()
        ports = {"PORT": str(self.port), "UVICORN_PORT": str(self.port)}
        self._process = psutil.Process(start(stack, "-m", *command, **ports, **settings).pid)

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer: gunicorn's children, or uvicorn itself."""
        return self._process.children() or [self._process]

    def cpu_s(self) -> float:
        """Return the seconds of CPU that its workers have used."""
        return sum(cpu_s(worker) for worker in self.workers)

    def wait(self, path: str) -> None:
        """Wait until it answers a path."""
        wait_until(lambda: self._answers(path), timeout_s=60)

    def _answers(self, path: str) -> bool:
        if not self._process.is_running() or self._process.status() == psutil.STATUS_ZOMBIE:
            sys.exit(f"{self._process} ended")
        client = Client(self.port)
        try:
            return client.ask(path).status == 200
        except ConnectionError:
            return False
        finally:
            client.close()


def start_ours(stack: ExitStack, url: str, base_url: str, n_workers: int) -> WebServer:
    """Start this product, as the README says."""
    settings = environ(url, base_url, STALE_AFTER_S=STALE_AFTER_S, WEB_CONCURRENCY=str(n_workers))
    return WebServer(stack, "gunicorn", "wsgi:app", **settings)


def start_baselines(stack: ExitStack, url: str, answers: Path) -> dict[str, WebServer]:
    """Start what ours is compared with; *async* only where its packages are installed.

    :param answers: the folder with the bodies that *floor* returns.
    """
    settings = {"DATABASE_URL": url, "ANSWERS": str(answers), "STALE_AFTER_S": STALE_AFTER_S}
    commands: dict[str, tuple[str, ...]] = {
        "floor": (*_GTHREAD, _FLOOR),
        "floor_one_processor": (*_ONE_PROCESSOR, _FLOOR),
        "usual": (*_GTHREAD, f"{_BASELINES}.usual:app"),
    }
    if all(find_spec(name) for name in ("fastapi", "asyncpg", "uvicorn", "uvloop", "httptools")):
        commands["async"] = (*_UVICORN, f"{_BASELINES}.asynchronous:app")
    return {name: WebServer(stack, *command, **settings) for name, command in commands.items()}
