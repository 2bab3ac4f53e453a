"""Instants are read as people write them, and in no other form; zones go by their IANA names."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import InvalidInput
from aggregator.history.instants import EARLIEST, read_instant, read_zone
from tests.unit.history.iso import ms

ROOT = Path(__file__).parents[3]
#: With gaps and repetitions of half an hour, of an hour, at midnight, and of a whole day.
ZONES = ["UTC", "Europe/Prague", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
        ("2026-03-01t12:00:00z", "2026-03-01T12:00:00Z"),
        ("2026-03-01 12:00:00Z", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00Z", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00-00:00", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00+01:00", "2026-03-01T11:00:00Z"),
        ("2026-03-01T12:00:00-03:30", "2026-03-01T15:30:00Z"),
        ("2026-03-01T12:00+23:59", "2026-02-28T12:01:00Z"),
        ("2026-03-01T00:00:00 01:00", "2026-02-28T23:00:00Z"),
        ("2026-03-01 00:00:00 01:00", "2026-02-28T23:00:00Z"),
        ("2026-03-01 00:00 01:00", "2026-02-28T23:00:00Z"),
        ("2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00.500Z"),
        ("2026-03-01T12:00:00.9999999999999999999999Z", "2026-03-01T12:00:00.999Z"),
        ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("0002-01-01T00:00:00Z", "0002-01-01T00:00:00Z"),
    ],
)
def test_instant_with_an_offset_is_read(text: str, expected: str) -> None:
    assert read_instant("from", text, "Asia/Kathmandu") == ms(expected)


@pytest.mark.parametrize(
    ("text", "tz", "expected"),
    [
        ("2026-03-01", "UTC", "2026-03-01T00:00:00Z"),
        ("2026-03-01", "Europe/Prague", "2026-02-28T23:00:00Z"),
        ("2026-07-01", "Europe/Prague", "2026-06-30T22:00:00Z"),
        ("2026-03-01T12:00", "Asia/Kathmandu", "2026-03-01T06:15:00Z"),
        ("2026-03-01 12:00", "Europe/Prague", "2026-03-01T11:00:00Z"),
        ("2026-03-01 12:00:30.25", "Europe/Prague", "2026-03-01T11:00:30.250Z"),
        pytest.param("2026-03-29T02:30", "Europe/Prague", "2026-03-29T01:30:00Z", id="gap"),
        pytest.param("2026-10-25T02:30", "Europe/Prague", "2026-10-25T00:30:00Z", id="twice"),
        pytest.param("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45:00Z", id="30m"),
        pytest.param("2026-03-08", "America/Havana", "2026-03-08T05:00:00Z", id="no-midnight"),
        pytest.param("2026-11-01", "America/Havana", "2026-11-01T04:00:00Z", id="two-midnights"),
        pytest.param("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T22:00:00Z", id="no-such-day"),
    ],
)
def test_local_time_is_read_in_the_zone(text: str, tz: str, expected: str) -> None:
    assert read_instant("from", text, tz) == ms(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "now",
        "yesterday",
        "1772366400",
        "1772366400000",
        "2026",
        "2026-03",
        "2026-3-1",
        "20260301",
        "20260301T120000Z",
        "2026-W09-7",
        "2026-060",
        "+2026-03-01",
        "02026-03-01",
        "2026-03-01Z",
        "2026-03-01+01:00",
        "2026-03-01T",
        "2026-03-01T12",
        "2026-03-01T12Z",
        "2026-03-01T1200",
        "2026-03-01T12:0",
        "2026-03-01T12:00:0",
        "2026-03-01T12:00:00.",
        "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00,5Z",
        "2026-03-01T12:00.5Z",
        "2026-03-01T12:00:00+1",
        "2026-03-01T12:00:00+01",
        "2026-03-01T12:00:00+0100",
        "2026-03-01T12:00:00+01:00:00",
        "2026-03-01T12:00:00+24:00",
        "2026-03-01T12:00:00+01:60",
        "2026-03-01T12:00:00  01:00",
        "2026-03-01T12:00:00 Z",
        "2026-03-01T12:00:00ZZ",
        "2026-03-01T12:00:00[Europe/Prague]",
        "2026-03-01  12:00",
        "2026-03-01_12:00",
        "2026-03-01T24:00",
        "2026-03-01T12:60",
        "2026-03-01T12:00:60Z",
        "2016-12-31T23:59:60Z",
        "2026-00-01",
        "2026-13-01",
        "2026-02-29",
        "2026-04-31",
        " 2026-03-01",
        "2026-03-01 ",
        "2026-03-01\n",
        "2026-03-01T12:00:00Z\n",
        "\uff12\uff10\uff12\uff16-03-01",
        "2026-03-01T12:0\u0663",
        "2026-03-01T12:00:00.\u0663Z",
        "2026-03-01T12:00:00.123\u0663Z",
        "2026\u221203\u221201",
        "0000-01-01",
        "0001-12-31T23:59:59.999Z",
        "0002-01-01T00:00:00+00:01",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01",
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_instant("at", text, "Europe/Prague")
    [fault] = refused.value.faults
    assert (fault.location, fault.where, fault.code) == ("parameter", "at", "format")


@pytest.mark.parametrize(
    ("text", "tz"),
    [
        ("0002-01-01", "Asia/Tokyo"),
        ("0001-01-01", "Asia/Tokyo"),
        ("9999-12-31T23:59:59", "America/New_York"),
    ],
)
def test_local_time_beyond_the_calendar_is_refused(text: str, tz: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_instant("to", text, tz)
    assert [fault.code for fault in refused.value.faults] == ["format"]


@given(
    local=st.datetimes(datetime(2, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001 - local times
    tz=st.sampled_from(ZONES),
)
def test_local_time_is_read_as_the_standard_library_reads_it(local: datetime, tz: str) -> None:
    assert read_instant("from", local.isoformat(), tz) == ms(local.isoformat(), tz)


@given(at=st.datetimes(datetime(2, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_instant_is_cut_to_whole_milliseconds(at: datetime) -> None:
    cut = at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert read_instant("from", at.isoformat()) == ms(cut.isoformat())


@given(text=st.text() | st.text("0123456789-+:.TtZz ", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        assert read_instant("from", text, "Europe/Prague") >= EARLIEST


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/Prague", "America/Argentina/Ushuaia", "Etc/GMT-14"]
)
def test_zone_goes_by_its_iana_name(name: str) -> None:
    assert read_zone("tz", name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " UTC",
        "Europe",
        "Europe/",
        "Europe/prague",
        "Prague",
        "+01:00",
        "UTC+1",
        "CET-1CEST",
        "localtime",
        "posixrules",
        "posix/UTC",
        "right/UTC",
        "tzdata.zi",
        "../etc/passwd",
        "/etc/localtime",
        "Europe/../UTC",
        "Europe/Prague\0",
        "\ud800",
        pytest.param("A" * 100_000, id="long"),
    ],
)
def test_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_zone("tz", name)
    [fault] = refused.value.faults
    assert (fault.location, fault.where, fault.code) == ("parameter", "tz", "unknown_zone")


def test_zones_need_no_database_of_the_system() -> None:
    script = "from aggregator.history.instants import *; read_zone('tz', 'Asia/Kathmandu');"
    script += "print(read_instant('at', '1970-01-01', 'Asia/Kathmandu'))"
    slim = {**os.environ, "PYTHONTZPATH": ""}
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=slim,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(found.stdout) == ms("1970-01-01T00:00+05:30")
