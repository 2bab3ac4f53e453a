"""A sandbox in this process, with a clock and a caller that the test holds."""

from typing import Any

import pytest

from sandbox import Options, create_sandbox
from tests.unit.sandbox.caller import Caller, Clock, MakeCaller


@pytest.fixture
def make_caller() -> MakeCaller:
    """Return a function that starts a sandbox with the options given."""

    def make(**options: Any) -> Caller:
        clock = Clock()
        app = create_sandbox(Options(**options), now=clock)
        return Caller(app.test_client(), options.get("generation", 2), clock)

    return make


@pytest.fixture
def current(make_caller: MakeCaller) -> Caller:
    """Call a sandbox of generation 2 that only ticks by hand."""
    return make_caller(tick_s=0)


@pytest.fixture
def retired(make_caller: MakeCaller) -> Caller:
    """Call a sandbox of generation 1 that only ticks by hand."""
    return make_caller(tick_s=0, generation=1)


@pytest.fixture(params=[1, 2])
def either(request: pytest.FixtureRequest, make_caller: MakeCaller) -> Caller:
    """Call a sandbox of each generation that only ticks by hand."""
    return make_caller(tick_s=0, generation=request.param)
