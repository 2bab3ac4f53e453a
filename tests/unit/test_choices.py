"""What pages begin with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.web.choices import usual_period


@pytest.mark.parametrize(("minutes", "period"), [(0, "1h"), (59, "1h"), (60, "24h"), (9999, "24h")])
def test_new_products_begin_with_an_hour(minutes: int, period: str) -> None:
    assert usual_period(timedelta(minutes=minutes)) == period
