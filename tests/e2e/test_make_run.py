"""``make run`` without make: everything on one machine, from nothing."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.e2e.conftest import Start
from tests.e2e.processes import free_port
from tests.waiting import wait_until

pytestmark = pytest.mark.waits

DEMO = [sys.executable, "-m", "demo"]
FLASK = ["-m", "flask", "--app", "wsgi"]


def settings(folder: Path) -> dict[str, str]:
    return {"DATABASE_URL": f"sqlite:///{folder}/aggregator.db", "PORT": str(free_port())}


def test_the_commands_it_prints_work_and_a_second_run_keeps_the_data(
    start: Start, tmp_path: Path
) -> None:
    chosen = settings(tmp_path)
    api = f"http://localhost:{chosen['PORT']}/api/v1"
    first = start(*DEMO, **chosen)
    first.wait_for("Ctrl-C ends everything")
    items = requests.get(f"{api}/products", timeout=5).json()["items"]
    assert len(items) == 12
    wait_until(
        lambda: requests.get(f"{api}/products/{items[0]['id']}/offers", timeout=5).json()["items"]
    )
    commands = re.findall(r"\| +(curl .*)$", first.said(), re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        subprocess.run([*shlex.split(command), "-sSf"], check=True, capture_output=True)
    exported = dict(re.findall(r" (OFFERS_\w+)=(\S+)", first.said()))
    status = start(sys.executable, *FLASK, "offers-service", "status", **chosen, **exported)
    assert status.wait() == 0, status.said()
    assert first.stop(signal.SIGINT) == 0
    assert "Traceback" not in first.said()

    second = start(*DEMO, **chosen)
    second.wait_for("Ctrl-C ends everything")
    kept = requests.get(f"{api}/products", timeout=5).json()["items"]
    assert [item["name"] for item in kept] == [*(item["name"] for item in items), "Hammock"]
    wait_until(
        lambda: all(
            item["checked_at"] and not item["stale"]
            for item in requests.get(f"{api}/products", timeout=5).json()["items"]
        )
    )
    assert second.stop(signal.SIGINT) == 0


@pytest.mark.parametrize("auth", ["write", "all"])
def test_it_runs_where_a_token_is_asked_for(start: Start, tmp_path: Path, auth: str) -> None:
    process = start(*DEMO, **settings(tmp_path), API_AUTH=auth)
    process.wait_for("Ctrl-C ends everything")
    assert "tokens create" in process.said()
    assert process.stop(signal.SIGINT) == 0


def test_a_busy_port_is_one_clear_line(start: Start, tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", int(chosen["PORT"])))
        squatter.listen()
        process = start(*DEMO, **chosen)
        assert process.wait() == 1
    assert process.said() == f"make run: port {chosen['PORT']} is in use (set PORT)\n"
