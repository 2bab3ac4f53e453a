"""The product on one of the databases, and how many random histories it is asked about."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from sqlalchemy import Engine

from tests.conftest import MakeApp
from tests.trend.api import TrendApi

settings.register_profile(
    "trend-default",
    max_examples=120,
    deadline=None,
    # To explain a failure takes many more examples, each with its history in a database.
    phases=[phase for phase in Phase if phase is not Phase.explain],
    # The database is the same for all examples of a test: each has a product of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile(
    "trend-nightly", settings.get_profile("trend-default"), max_examples=2_000, derandomize=False
)
#: ``HYPOTHESIS_PROFILE=nightly`` asks for more.
PROFILE = settings.get_profile(f"trend-{os.environ.get('HYPOTHESIS_PROFILE', 'default')}")


def cases(share: float) -> settings:
    """Return settings for a property that gets a share of all random cases."""
    return settings(PROFILE, max_examples=round(share * PROFILE.max_examples))


@pytest.fixture
def trends(engine: Engine, make_app: MakeApp) -> TrendApi:
    """Return the product, asked over HTTP."""
    return TrendApi(engine, make_app)
