"""The real processes, as people start them."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from aggregator.settings import Settings
from tests.conftest import REFRESH_TOKEN
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
SECRET_KEY = "a-key-of-which-no-log-may-tell-a-thing"
#: Tokens of ours and of the offers service, headers and cookies that carry one, passwords in URLs.
_SECRET = re.compile(
    r"pa_[\w-]{20}|eyJ[\w-]{9}|(?i:bearer|authorization|cookie)\W{1,4}(?:\w+[ =])?[\w.-]{16}"
    r"|aggregator_session\W|://[^\s/@]*:[^\s/@]+@"
)
_PASSWORD = re.compile(r"://[^/@]*:([^/@]+)@")
POLLER = [sys.executable, "-m", "poller"]
WEB = [sys.executable, "-m", "gunicorn", "wsgi:app"]


class Process:
    """One running process, with all it has said so far.

    :param log: file that takes its output and its errors.
    """

    def __init__(self, command: list[str], environ: dict[str, str], log: Path) -> None:
        self._log = log
        self._environ = environ
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**_bare_environ(), **environ},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its id."""
        return self._popen.pid

    def said(self) -> str:
        """Return all of its output."""
        return self._log.read_text()

    def wait_for(self, words: str) -> None:
        """Wait until it says something."""
        wait_until(lambda: words in self.said() or self._popen.poll() is not None)
        assert words in self.said(), self.said()

    def wait(self, timeout_s: float = 20.0) -> int:
        """Wait for its end and return its exit status."""
        return self._popen.wait(timeout_s)

    def stop(self, signum: int = signal.SIGTERM, timeout_s: float = 20.0) -> int:
        """End it with a signal and return its exit status."""
        if self._popen.poll() is None:
            self._popen.send_signal(signum)
        return self.wait(timeout_s)

    def send(self, signum: int) -> None:
        """Send a signal that ends nothing."""
        self._popen.send_signal(signum)

    def kill(self) -> None:
        """Kill it and all of its children, as the kernel does when memory is short."""
        os.killpg(self._popen.pid, signal.SIGKILL)
        self.wait()

    def leaks(self) -> list[str]:
        """Return what of its output is, or looks like, a secret."""
        return find_secrets(self.said(), self._environ)

    @property
    def peak_memory_mib(self) -> float:
        """The most memory that it has taken, so far."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024

    @property
    def is_running(self) -> bool:
        """Tell whether it still runs."""
        return self._popen.poll() is None


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find_secrets(said: str, environ: dict[str, str]) -> list[str]:
    """Return the secrets in an output: those of the settings, and whatever looks like one."""
    known = [environ.get(name, "") for name in ("OFFERS_REFRESH_TOKEN", "SECRET_KEY")]
    for name in ("DATABASE_URL", "RATE_LIMIT_STORAGE"):
        known += _PASSWORD.findall(environ.get(name, ""))
    return [secret for secret in known if secret and secret in said] + _SECRET.findall(said)


def environ(database_url: str, base_url: str, **more: str) -> dict[str, str]:
    """Return the settings of web server, poller and commands."""
    return {
        "DATABASE_URL": database_url,
        "OFFERS_BASE_URL": base_url,
        "OFFERS_REFRESH_TOKEN": REFRESH_TOKEN,
        "SECRET_KEY": SECRET_KEY,
        "POLL_INTERVAL_S": "1",
        "LOG_FORMAT": "json",
        **more,
    }


def _bare_environ() -> dict[str, str]:
    """Return this environment without any setting of the product."""
    settings = {name.upper() for name in Settings.__dataclass_fields__}
    return {name: value for name, value in os.environ.items() if name not in settings}
