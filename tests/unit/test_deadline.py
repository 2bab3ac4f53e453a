"""A deadline bounds all reads of an exchange together, and none after it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from aggregator.deadline import Deadline

pytestmark = pytest.mark.waits


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return both ends of a connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_silence_ends_when_time_is_over(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = ends
    with Deadline(0.05) as deadline:
        deadline.limit(ours)
        assert not deadline.passed
        with pytest.raises(TimeoutError):
            ours.recv(1)
        assert deadline.passed


def test_nothing_more_is_read_when_time_is_over(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    theirs.sendall(b"x")
    with Deadline(0.01) as deadline:
        time.sleep(0.05)
        with pytest.raises(TimeoutError):
            deadline.limit(ours)
