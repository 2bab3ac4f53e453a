"""What people choose from."""

from __future__ import annotations

from datetime import timedelta

#: As the API takes them, and in words: "down 4.2 % in 7 days".
PERIODS = {
    "1h": "1 hour",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "1y": "1 year",
}
USUAL_PERIOD = "24h"
_HOUR = timedelta(hours=1)

#: As the API takes them, and in words.
SORTS = {
    "name": "Name, A to Z",
    "-name": "Name, Z to A",
    "best_price": "Cheapest first",
    "-best_price": "Dearest first",
    "-created_at": "Newest first",
    "created_at": "Oldest first",
    "-updated_at": "Edited last first",
}
USUAL_SORT = "name"


def usual_period(age: timedelta) -> str:
    """Return the period to begin with for a product of some age: what is new fills no day."""
    return "1h" if age < _HOUR else USUAL_PERIOD
