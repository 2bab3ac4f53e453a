"""Products with a past, under the ids that ``schemathesis.toml`` asks for."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from aggregator.clock import utc_now
from tests.factories import STALE_AFTER, make_product, observe, seal_history

CONFIG = Path(__file__).with_name("schemathesis.toml")
_DICTIONARIES = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["dictionaries"]
#: Ids of the products that have a past.
KEPT: list[str] = _DICTIONARIES["kept"]["values"]
#: For the web server: what is polled here is to be known until now.
STALE_AFTER_S = 86_400
_NAMES = ("Kettle", "Benzinová sekačka", "電気ケトル", "100 % cotton_shirt", 'O\'Neill "wave"')
_STEP = timedelta(minutes=10)


def fill(engine: Engine) -> None:
    """Put the products that the configuration names into a database.

    Those to be deleted have no offers and come first in lists. The others have three hours of
    moving offers, mostly sealed; one was never polled, and one has gaps in what is known.
    """
    doomed, (unpolled, gappy, *known), offers = (
        _ids(name) for name in ("doomed", "kept", "offers")
    )
    for i, product_id in enumerate([*doomed, unpolled, gappy, *known]):
        name = _NAMES[i % len(_NAMES)]
        make_product(engine, name=name, description=name * i, product_id=product_id)
    start = utc_now() - timedelta(hours=3)
    _move(engine, gappy, offers, start, stale_after=STALE_AFTER)
    for product_id in known:
        _move(engine, product_id, offers, start, stale_after=timedelta(seconds=STALE_AFTER_S))
    seal_history(engine)


def _ids(dictionary: str) -> list[UUID]:
    return [UUID(value) for value in _DICTIONARIES[dictionary]["values"]]


def _move(
    engine: Engine, product_id: UUID, offers: list[UUID], start: datetime, *, stale_after: timedelta
) -> None:
    """Let offers change their prices, sell out, end and come back."""
    seed = product_id.int % 97
    for step in range(18):
        listed = {
            offer_id: (10_000 + 100 * seed + step * (i + 7) % 50, (step + i) % 3)
            for i, offer_id in enumerate(offers)
            if (step + i) % 5
        }
        observe(engine, product_id, listed, at=start + step * _STEP, stale_after=stale_after)
