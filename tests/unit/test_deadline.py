"""A deadline cuts the connection it watches, once, and no other."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from aggregator.deadline import Deadline

pytestmark = pytest.mark.waits


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return both ends of a connection, neither of which waits long."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(1)
        theirs.settimeout(1)
        yield ours, theirs


def test_silent_connection_ends_when_time_is_over(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, _ = ends
    with Deadline(0.05) as deadline:
        deadline.watch(ours)
        assert not deadline.passed
        assert ours.recv(1) == b""
        assert deadline.passed


def test_connection_is_left_alone_once_the_exchange_is_over(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    with Deadline(0.05) as deadline:
        deadline.watch(ours)
    time.sleep(0.1)
    theirs.sendall(b"x")
    assert ours.recv(1) == b"x"
    assert not deadline.passed


def test_connection_of_a_failed_exchange_is_left_alone(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    with suppress(ZeroDivisionError), Deadline(0.05) as deadline:
        deadline.watch(ours)
        raise ZeroDivisionError
    time.sleep(0.1)
    theirs.sendall(b"x")
    assert ours.recv(1) == b"x"


def test_connection_that_was_made_too_late_is_cut_at_once(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, _ = ends
    with Deadline(0.01) as deadline:
        time.sleep(0.05)
        assert deadline.passed
        deadline.watch(ours)
        assert ours.recv(1) == b""


def test_connection_closed_before_the_deadline_is_no_trouble(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, _ = ends
    with Deadline(0.02) as deadline:
        deadline.watch(ours)
        ours.close()
        time.sleep(0.06)
        assert deadline.passed
