"""Details of one hour: ones as they are in practice, and random ones with many changes."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from uuid import UUID

from hypothesis import strategies as st

from aggregator.history.bars import MS_PER_HOUR
from aggregator.history.detail import Detail, OfferState
from tests.unit.history.snapshots import LARGEST, MINUTE, Snapshot, detail_of, listing

START = 492_312 * MS_PER_HOUR
N_OFFERS, N_POLLS = 8, 60


def busy_hour(seed: int = 1) -> Detail:
    """Return an hour in which each of 60 polls sees other prices and stocks of 8 offers."""
    random = Random(seed)
    before, *seen = _trade(random)
    polls = dict(zip(_poll_times(random), seen, strict=True))
    last_poll = START - MINUTE + 100
    return detail_of(
        polls,
        start=START,
        end=START + MS_PER_HOUR,
        opening=listing(before, last_poll),
        last_poll=last_poll,
    )


def quiet_hour(seed: int = 1) -> Detail:
    """Return an hour in which 60 polls see 8 offers as they have been for a day."""
    random = Random(seed)
    before, *_ = _trade(random)
    return detail_of(
        dict.fromkeys(_poll_times(random), before),
        start=START,
        end=START + MS_PER_HOUR,
        opening=listing(before, START - 24 * MS_PER_HOUR),
        last_poll=START - MINUTE + 100,
    )


def fixed_hour() -> Detail:
    """Return an hour like a busy one, which follows from arithmetic alone."""
    polls = {
        START + k * MINUTE + _scatter(k) % 300: {
            UUID(int=n): (50_000 + _scatter(k) % 900 + _scatter(k, n) % 270, _scatter(n, k) % 100)
            for n in range(1, 4)
        }
        for k in range(40)
    }
    opening = listing({UUID(int=1): (50_100, 5)}, START - 2 * MINUTE)
    return detail_of(
        polls, start=START, end=START + MS_PER_HOUR, opening=opening, last_poll=START - MINUTE
    )


def _scatter(k: int, n: int = 0) -> int:
    return (k * 12 + n) * 2_654_435_761 % 2**32 >> 8


def _poll_times(random: Random) -> list[int]:
    return [START + k * MINUTE + 20_000 + random.randint(30, 300) for k in range(N_POLLS)]


def _trade(random: Random) -> Iterator[Snapshot]:
    """Yield what polls see of a market: one price level, and offers that go their own ways."""
    level = random.uniform(17_500, 75_800)
    ids = [UUID(int=random.getrandbits(128)) for _ in range(N_OFFERS)]
    factors = [random.uniform(0.972, 1.028) for _ in ids]
    paces = [random.randint(10, 120) for _ in ids]
    stocks = [random.randint(23, 931) for _ in ids]
    for _ in range(1 + N_POLLS):
        yield {
            id_: (round(level * factor), stock)
            for id_, factor, stock in zip(ids, factors, stocks, strict=True)
        }
        level *= random.uniform(0.992, 1.008)
        factors = [factor + random.uniform(-0.003, 0.003) for factor in factors]
        stocks = [
            stock - random.randint(1, pace) for stock, pace in zip(stocks, paces, strict=True)
        ]
        stocks = [stock if stock > 0 else random.randint(23, 931) for stock in stocks]


@st.composite
def eventful_hours(draw: st.DrawFn) -> Detail:
    """Draw an hour with so many changes that columns get long."""
    random = Random(draw(st.integers(0, 2**32)))
    ids = [UUID(int=random.getrandbits(128)) for _ in range(draw(st.integers(1, 12)))]
    apart = 2 ** draw(st.integers(0, 63))
    together = draw(st.sampled_from([0, 1, 30])) * apart
    chance_to_be_listed = draw(st.sampled_from([0.5, 0.9, 1]))
    chance_to_move = draw(st.sampled_from([0.1, 1]))
    times = sorted(random.sample(range(START, START + MS_PER_HOUR), draw(st.integers(0, 60))))
    offers = {id_: (random.randint(0, LARGEST), random.randint(0, 99)) for id_ in ids}

    def listed() -> Snapshot:
        return {id_: offers[id_] for id_ in ids if random.random() < chance_to_be_listed}

    def move() -> None:
        common = random.randint(-together, together)
        for id_, (price, stock) in list(offers.items()):
            if random.random() < chance_to_move:
                risen, sold = common + random.randint(-apart, apart), random.randint(0, apart)
                offers[id_] = _clip(price + risen), _clip(stock - sold)

    opening = {
        id_: OfferState(*offer, START - random.randint(1, 2**40)) for id_, offer in listed().items()
    }
    polls = {}
    for at in times:
        move()
        polls[at] = listed()
    last_poll = START - random.randint(1, 2**40) if draw(st.booleans()) else None
    return detail_of(
        polls, start=START, end=START + MS_PER_HOUR, opening=opening, last_poll=last_poll
    )


def _clip(number: int) -> int:
    return min(max(number, 0), LARGEST)
