"""The periods that people choose from."""

from __future__ import annotations

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
