"""A period is asked for by two of three parameters, and never reaches into the future."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import InvalidInput
from aggregator.history.instants import EARLIEST
from aggregator.history.period import Period, resolve_period
from tests.unit.history.iso import ms

NOW = ms("2026-06-15T12:00Z")
PARAMETERS = ("from", "to", "period", "tz")


def ask(query: str, now: int = NOW) -> Period:
    """Resolve the parameters of a query string that needs no decoding."""
    given = dict(part.split("=") for part in query.split("&") if part)
    assert given.keys() <= set(PARAMETERS)
    start, end, period, tz = map(given.get, PARAMETERS)
    return resolve_period(start=start, end=end, period=period, tz=tz, now=now)


def refused(query: str) -> set[tuple[str, str]]:
    """Return where and what the faults of a query string are."""
    with pytest.raises(InvalidInput) as caught:
        ask(query)
    assert {fault.location for fault in caught.value.faults} == {"parameter"}
    found = {(fault.where, fault.code) for fault in caught.value.faults}
    assert len(found) == len(caught.value.faults)
    return found


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("", "2026-05-16T12:00Z", "2026-06-15T12:00Z"),
        ("period=P7D", "2026-06-08T12:00Z", "2026-06-15T12:00Z"),
        ("period=30m", "2026-06-15T11:30Z", "2026-06-15T12:00Z"),
        ("from=2026-06-01", "2026-06-01T00:00Z", "2026-06-15T12:00Z"),
        ("to=2026-06-01", "2026-05-02T00:00Z", "2026-06-01T00:00Z"),
        ("from=2026-03-01&to=2026-04-01", "2026-03-01T00:00Z", "2026-04-01T00:00Z"),
        ("from=2026-01-31&period=P1M", "2026-01-31T00:00Z", "2026-02-28T00:00Z"),
        ("to=2026-03-31T12:00Z&period=P1M", "2026-02-28T12:00Z", "2026-03-31T12:00Z"),
        ("from=2026-06-15T11:59:59.999Z", "2026-06-15T11:59:59.999Z", "2026-06-15T12:00Z"),
        ("to=2026-06-15T12:00Z", "2026-05-16T12:00Z", "2026-06-15T12:00Z"),
        ("from=2026-06-15T11:00Z&period=1h", "2026-06-15T11:00Z", "2026-06-15T12:00Z"),
        ("from=0002-01-01&to=0002-01-02", "0002-01-01T00:00Z", "0002-01-02T00:00Z"),
        ("to=0002-01-31&period=30d", "0002-01-01T00:00Z", "0002-01-31T00:00Z"),
    ],
)
def test_two_parameters_resolve_to_a_period(query: str, start: str, end: str) -> None:
    assert ask(query) == Period(ms(start), ms(end), "UTC", clamped=False)


@pytest.mark.parametrize(
    ("query", "start"),
    [
        ("to=2026-06-15T12:00:00.001Z", "2026-05-16T12:00Z"),
        ("to=9999-12-31T23:59:59.999Z", "2026-05-16T12:00Z"),
        ("to=2026-07-01&period=P1D", "2026-06-14T12:00Z"),
        ("from=2026-06-15&to=2026-07-01", "2026-06-15T00:00Z"),
        ("from=2026-06-15&period=P1D", "2026-06-15T00:00Z"),
        ("from=2026-06-15&period=P7000Y", "2026-06-15T00:00Z"),
    ],
)
def test_end_in_the_future_is_now(query: str, start: str) -> None:
    assert ask(query) == Period(ms(start), NOW, "UTC", clamped=True)


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        pytest.param(
            "from=2026-03-29&to=2026-03-30&tz=Europe/Prague",
            "2026-03-28T23:00Z",
            "2026-03-29T22:00Z",
            id="day-of-23-hours",
        ),
        pytest.param(
            "from=2025-10-26&period=P1D&tz=Europe/Prague",
            "2025-10-25T22:00Z",
            "2025-10-26T23:00Z",
            id="day-of-25-hours",
        ),
        pytest.param(
            "from=2025-10-26&period=24h&tz=Europe/Prague",
            "2025-10-25T22:00Z",
            "2025-10-26T22:00Z",
            id="24-hours",
        ),
        pytest.param(
            "to=2026-03-01T12:00Z&period=1mo&tz=Pacific/Auckland",
            "2026-02-01T12:00Z",
            "2026-03-01T12:00Z",
            id="offset-given",
        ),
        pytest.param(
            "from=2026-04-01T00:00:00 02:00&to=2026-04-02 00:00&tz=Europe/Prague",
            "2026-03-31T22:00Z",
            "2026-04-01T22:00Z",
            id="plus-and-space",
        ),
        pytest.param(
            "period=P30D&tz=Europe/Prague",
            "2026-05-16T12:00Z",
            "2026-06-15T12:00Z",
            id="now",
        ),
    ],
)
def test_zone_has_its_own_calendar(query: str, start: str, end: str) -> None:
    tz = query.rpartition("tz=")[2]
    assert ask(query) == Period(ms(start), ms(end), tz, clamped=False)


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("from=yesterday", {("from", "format")}),
        ("to=", {("to", "format")}),
        ("period=P", {("period", "format")}),
        ("period=0d", {("period", "format")}),
        ("tz=Europe", {("tz", "unknown_zone")}),
        ("tz=", {("tz", "unknown_zone")}),
        ("from=2026-01-01&to=2026-02-01&period=P1D", {("period", "conflict")}),
        (
            "from=&to=&period=",
            {(name, "format") for name in ("from", "to", "period")} | {("period", "conflict")},
        ),
        ("from=x&tz=Mars", {("from", "format"), ("tz", "unknown_zone")}),
        ("from=2026-01-01&tz=Mars", {("tz", "unknown_zone")}),
        ("to=1&period=2&tz=3", {("to", "format"), ("period", "format"), ("tz", "unknown_zone")}),
        ("from=2026-06-15T12:00Z", {("from", "future")}),
        ("from=2026-06-16", {("from", "future")}),
        ("from=2026-06-16&to=2026-06-17", {("from", "future")}),
        ("from=2026-06-16&period=P1D", {("from", "future")}),
        ("from=2026-06-01&to=2026-06-01", {("from", "empty")}),
        ("from=2026-06-02&to=2026-06-01", {("from", "empty")}),
        ("period=PT0.0009S&from=2026-06-01", {("period", "empty")}),
        ("period=P9000Y", {("period", "range")}),
        ("period=P2025Y", {("period", "range")}),
        ("to=0002-01-31&period=31d", {("period", "range")}),
        ("to=0002-01-15", {("period", "range")}),
        ("from=2026-06-01&period=P9000Y", {("period", "range")}),
        ("from=2026-06-01&period=PT80000000H", {("period", "range")}),
        pytest.param(
            "to=2011-12-31T10:00&period=P1D&tz=Pacific/Apia",
            {("period", "empty")},
            id="no-such-day",
        ),
    ],
)
def test_faults_name_their_parameters(query: str, faults: set[tuple[str, str]]) -> None:
    assert refused(query) == faults


@given(
    texts=st.tuples(
        *[st.none() | st.sampled_from(["2026-01-01", "0002-01-01", "9999-12-31T23:59Z"])] * 2,
        st.none() | st.sampled_from(["P1D", "1y", "P2024Y", "PT1S", "P9999Y", "PT87831216H"]),
        st.none() | st.sampled_from(["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Mars"]),
    ),
    now=st.integers(ms("0003-01-01"), ms("9998-12-31")),
)
def test_any_period_is_in_the_past_or_refused(texts: tuple[str | None, ...], now: int) -> None:
    start, end, period, tz = texts
    with suppress(InvalidInput):
        found = resolve_period(start=start, end=end, period=period, tz=tz, now=now)
        assert EARLIEST <= found.start < found.end <= now
        assert not found.clamped or found.end == now
