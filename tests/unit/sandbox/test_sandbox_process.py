"""``python -m sandbox`` serves, misbehaves on demand, and ends when told."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sandbox.__main__ import main
from tests.unit.sandbox.caller import PRODUCT, REFRESH

pytestmark = pytest.mark.waits

COMMAND = (sys.executable, "-m", "sandbox")
START_LINE = re.compile(r"sandbox: generation 2, seed 7, (http://127\.0\.0\.1:(\d+))/api/v1\n")
ENV = {**os.environ, "PYTHONUNBUFFERED": ""}


class Process:
    """A sandbox of its own process on a free port."""

    def __init__(self) -> None:
        self.popen = subprocess.Popen(
            (*COMMAND, "--port", "0", "--seed", "7", "--tick-s", "0"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENV,
        )
        assert self.popen.stdout is not None
        ready, _, _ = select.select([self.popen.stdout], [], [], 10)
        assert ready, "no start line"
        self.line = self.popen.stdout.readline()
        found = START_LINE.fullmatch(self.line)
        assert found is not None, self.line
        self.root, self.port = found[1], int(found[2])
        self.http = requests.Session()
        self.http.trust_env = False

    def ready(self) -> dict[str, str]:
        """Register the product; return the header for it."""
        self.http.post(f"{self.root}/_sandbox/forget", json={"tokens": True}, timeout=5)
        self.http.delete(f"{self.root}/_sandbox/faults", timeout=5)
        answer = self.http.post(f"{self.root}/api/v1/auth", headers={"Bearer": REFRESH}, timeout=5)
        header = {"Bearer": answer.json()["access_token"]}
        fields = {"id": PRODUCT, "name": "Kettle", "description": ""}
        url = f"{self.root}/api/v1/products/register"
        assert self.http.post(url, headers=header, json=fields, timeout=5).status_code == 201
        return header

    def offers(self, header: dict[str, str], *, stream: bool = False) -> requests.Response:
        url = f"{self.root}/api/v1/products/{PRODUCT}/offers"
        return self.http.get(url, headers=header, timeout=5, stream=stream)

    def put_faults(self, **faults: object) -> None:
        answer = self.http.put(f"{self.root}/_sandbox/faults", json=faults, timeout=5)
        assert answer.status_code == 200

    def end(self, signal_number: int) -> tuple[int, float, str, str]:
        """Send a signal; return exit status, seconds taken, stdout and stderr."""
        start = time.monotonic()
        self.popen.send_signal(signal_number)
        out, err = self.popen.communicate(timeout=10)
        return self.popen.returncode, time.monotonic() - start, out, err

    def close(self) -> None:
        self.http.close()
        if self.popen.poll() is None:
            self.end(signal.SIGTERM)


@pytest.fixture(scope="module")
def shared() -> Iterator[Process]:
    """Share one process between the tests that do not end it."""
    process = Process()
    yield process
    process.close()


@pytest.fixture
def own() -> Iterator[Process]:
    """Start a process for this test alone."""
    process = Process()
    yield process
    process.close()


def test_offers_go_over_http(shared: Process) -> None:
    header = shared.ready()
    answer = shared.offers(header)
    assert answer.status_code == 200
    truth = shared.http.get(f"{shared.root}/_sandbox/offers/{PRODUCT}", timeout=5).json()
    assert answer.json() == truth["offers"]
    assert answer.headers["Connection"] == "keep-alive"


def test_dropped_connection_gives_no_answer(shared: Process) -> None:
    header = shared.ready()
    shared.put_faults(drop=True)
    with pytest.raises(requests.ConnectionError):
        shared.offers(header)
    shared.http.delete(f"{shared.root}/_sandbox/faults", timeout=5)
    assert shared.offers(header).status_code == 200


def test_endless_body_can_be_left(shared: Process) -> None:
    header = shared.ready()
    shared.put_faults(endless=True)
    with shared.offers(header, stream=True) as answer:
        assert len(answer.raw.read(300_000)) == 300_000
    shared.http.delete(f"{shared.root}/_sandbox/faults", timeout=5)
    assert shared.offers(header).status_code == 200


def test_control_answers_while_64_clients_wait(shared: Process) -> None:
    header = shared.ready()
    shared.put_faults(latency_ms=1500, paths=["offers"])
    url = f"{shared.root}/api/v1/products/{PRODUCT}/offers"
    with ThreadPoolExecutor(64) as pool:
        answers = [pool.submit(requests.get, url, headers=header, timeout=10) for _ in range(64)]
        time.sleep(0.6)
        start = time.monotonic()
        shared.http.get(f"{shared.root}/_sandbox/state", timeout=5)
        assert time.monotonic() - start < 0.7
        assert {answer.result().status_code for answer in answers} == {200}


def test_busy_port_is_one_clear_line(shared: Process) -> None:
    done = subprocess.run(
        (*COMMAND, "--port", str(shared.port)),
        capture_output=True,
        check=False,
        text=True,
        timeout=10,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"sandbox: port {shared.port} is in use\n"


def test_address_not_ours_is_one_clear_line() -> None:
    done = subprocess.run(
        (*COMMAND, "--host", "192.0.2.1", "--port", "0"),
        capture_output=True,
        check=False,
        text=True,
        timeout=10,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("sandbox: cannot listen on 192.0.2.1:0: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_in_time_even_during_an_endless_answer(
    own: Process, number: signal.Signals
) -> None:
    header = own.ready()
    own.put_faults(endless=True)
    with own.offers(header, stream=True) as answer:
        assert answer.raw.read(1000)
        status, seconds, out, err = own.end(number)
    assert (status, out, err) == (0, "", "")
    assert seconds < 2.5
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", own.port))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--generation", "3"),
        ("--port", "65536"),
        ("--tick-s", "-1"),
        ("--tick-s", "inf"),
        ("--token-ttl-s", "x"),
        ("--error-rate", "1.5"),
    ],
)
def test_bad_option_is_named(
    arguments: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # An option let through must fail the test, not start a server in it.
    monkeypatch.delattr("sandbox.__main__.listen")
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err
