"""``python -m demo``: migrate, then run the sandbox, the poller and the web server together."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping

from honcho.manager import Manager
from honcho.printer import Printer

from aggregator.errors import SettingsError
from aggregator.settings import Settings

_HOST = "127.0.0.1"
_SANDBOX_PORT = 8081
#: Any UUID will do at the sandbox; this one is no secret.
_SANDBOX_REFRESH_TOKEN = "11111111-1111-4111-8111-111111111111"  # noqa: S105
_MIGRATE = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
#: 128 and the number of a signal: how shells tell that it was SIGINT or SIGTERM.
_ENDED_BY_SIGNAL = {130, 143}


def main() -> int:
    """Run until Ctrl-C, or until a part ends; return the exit status."""
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        return _fail(str(error))
    if not _is_free(settings.port):
        return _fail(f"port {settings.port} is in use (set PORT)")
    sandbox_port = _find_sandbox_port() if settings.offers_base_url is None else None
    environ = _environ(sandbox_port)
    if subprocess.call(_MIGRATE, env=environ) != 0:
        return _fail("the database could not be migrated: see above")
    return _run_all(_parts(settings.port, sandbox_port), environ)


def _environ(sandbox_port: int | None) -> dict[str, str]:
    """Return the environment of all parts."""
    environ = {"LOG_FORMAT": "text", **os.environ, "PYTHONUNBUFFERED": "1"}
    if sys.stdout.isatty():
        # The parts write to Honcho, which writes to it.
        environ.setdefault("FORCE_COLOR", "1")
    if sandbox_port is not None:
        environ["OFFERS_BASE_URL"] = f"http://{_HOST}:{sandbox_port}/api/v1"
        environ["OFFERS_REFRESH_TOKEN"] = _SANDBOX_REFRESH_TOKEN
        # Who looks on wants to see prices move within the first minute.
        environ.setdefault("POLL_INTERVAL_S", "15")
    return environ


def _parts(port: int, sandbox_port: int | None) -> dict[str, str]:
    """Return the arguments of each part's Python by its name."""
    parts = {
        "web": f"-m gunicorn wsgi:app --bind {_HOST}:{port}",
        "poller": "-m poller",
        "guide": f"-m demo.guide http://localhost:{port}/api/v1",
    }
    if sandbox_port is not None:
        # More ticks than polls: each poll finds something new.
        parts["sandbox"] = f"-m sandbox --port {sandbox_port} --tick-s 10"
        parts["guide"] += f" http://{_HOST}:{sandbox_port}/api/v1"
    return parts


def _run_all(parts: Mapping[str, str], environ: Mapping[str, str]) -> int:
    # Each line of the log has its own time.
    manager = Manager(Printer(sys.stdout, time_format=""))
    # Told of every poll, one would soon look for the guide in vain.
    quiet = {"LOG_LEVEL": "warning", **environ}
    for name, arguments in parts.items():
        env = quiet if name == "poller" else environ
        manager.add_process(name, f'exec "{sys.executable}" {arguments}', env=env)
    manager.loop()
    return 0 if manager.returncode in _ENDED_BY_SIGNAL else manager.returncode or 0


def _find_sandbox_port() -> int:
    """Return the sandbox's usual port, or any other where that is taken."""
    if _is_free(_SANDBOX_PORT):
        return _SANDBOX_PORT
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _fail(reason: str) -> int:
    sys.stderr.write(f"make run: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
