"""How much is measured: all of it, or enough to see that it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large everything is. Times are in seconds."""

    products: int
    """8 offers each."""
    minutely: int
    """How many of them have a minute-by-minute history."""
    days: int
    """How long that is."""
    searched: int
    """Products in the catalogue that is searched."""
    rounds: int
    load_s: float
    """How long a server gets one kind of request in a round."""
    posting_s: float
    page: int
    """Which page is compared with the first."""
    times: int
    """How often that is asked for."""
    polled: int
    """Products that the poller keeps fresh under the mixed load."""
    mixed_s: float


SIZES = {
    "full": Size(
        products=100_000,
        minutely=100,
        days=365,
        searched=1_000_000,
        rounds=5,
        load_s=2,
        posting_s=10,
        page=1000,
        times=50,
        polled=10_000,
        mixed_s=300,
    ),
    "quick": Size(
        products=10_000,
        minutely=10,
        days=10,
        searched=20_000,
        rounds=2,
        load_s=0.5,
        posting_s=3,
        page=100,
        times=10,
        polled=1000,
        mixed_s=20,
    ),
    "smallest": Size(
        products=400,
        minutely=2,
        days=1,
        searched=1000,
        rounds=1,
        load_s=0.3,
        posting_s=0.5,
        page=5,
        times=2,
        polled=50,
        mixed_s=1,
    ),
}
