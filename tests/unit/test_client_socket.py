"""A connection whose thread lends its place while it waits for the client."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from threading import Semaphore

import pytest

from aggregator.http import gunicorn_worker
from aggregator.http.gunicorn_worker import ClientSocket

pytestmark = pytest.mark.waits


class Pair:
    """A connection that we serve, in a thread that holds the only place, and its client."""

    def __init__(self) -> None:
        ours, self.client = socket.socketpair()
        self.places = Semaphore(0)
        self.ours = ClientSocket(ours, self.places)

    def is_lent(self) -> bool:
        """Tell whether another thread could work now."""
        free = self.places.acquire(blocking=False)
        if free:
            self.places.release()
        return free


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return a connection to a client."""
    made = Pair()
    with made.ours, made.client:
        yield made


def receive_for_ever(pair: Pair) -> None:
    """Receive whatever comes."""
    while True:
        pair.ours.recv(10)


def drip(pair: Pair, stop: threading.Event) -> None:
    """Send a byte now and then."""
    while not stop.wait(0.02):
        pair.client.send(b"x")


def test_what_has_come_is_received_at_once(pair: Pair) -> None:
    pair.client.sendall(b"abc")
    assert pair.ours.recv(10) == b"abc"
    pair.client.close()
    assert pair.ours.recv(10) == b""
    assert not pair.is_lent()


@pytest.mark.parametrize("n_bytes", [1, 5_000_000])
def test_all_is_sent(pair: Pair, n_bytes: int) -> None:
    received = bytearray()

    def read() -> None:
        while len(received) < n_bytes:
            received.extend(pair.client.recv(65536))

    reader = threading.Thread(target=read)
    reader.start()
    pair.ours.sendall(b"x" * n_bytes)
    reader.join()
    assert len(received) == n_bytes
    assert not pair.is_lent()


def test_another_works_while_a_client_is_waited_for(pair: Pair) -> None:
    def answer_when_lent() -> None:
        with pair.places:
            pair.client.send(b"late")

    other = threading.Thread(target=answer_when_lent)
    other.start()
    assert pair.ours.recv(10) == b"late"
    other.join()


def test_a_client_that_sends_too_little_is_given_up(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gunicorn_worker, "PATIENCE_S", 0.3)
    pair.ours.renew_patience()
    stop = threading.Event()
    sender = threading.Thread(target=drip, args=[pair, stop])
    sender.start()
    with pytest.raises(ConnectionResetError, match="too slow"):
        receive_for_ever(pair)
    stop.set()
    sender.join()
    assert not pair.is_lent()
    # The next request on the connection finds new patience.
    pair.ours.renew_patience()
    pair.client.send(b"y")
    assert pair.ours.recv(1000)


def test_a_client_that_takes_too_little_is_given_up(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gunicorn_worker, "PATIENCE_S", 0.3)
    pair.ours.renew_patience()
    with pytest.raises(ConnectionResetError, match="too slow"):
        pair.ours.sendall(b"x" * 50_000_000)
    assert not pair.is_lent()


def test_gunicorns_own_time_limits_hold(pair: Pair) -> None:
    pair.ours.settimeout(0.05)
    with pytest.raises(ConnectionResetError):
        pair.ours.recv(1)
    pair.ours.settimeout(0)
    with pytest.raises(BlockingIOError):
        pair.ours.recv(1)
