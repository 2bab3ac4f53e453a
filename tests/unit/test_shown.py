"""Figures as pages show them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from math import prod
from pathlib import Path

import pytest

import aggregator.web
from aggregator.web.shown import NOTHING, age, ago, percent, price, signed_price, since

LIVE = Path(aggregator.web.__file__).parent / "static" / "live.js"
NOW = datetime(2026, 3, 6, 14, 5, tzinfo=UTC)
#: Stands for the narrow space and the true minus.
PLAIN = str.maketrans("\u202f\u2212", "_-")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, NOTHING),
        (0, "0"),
        (12_500, "12_500"),
        (-4_500, "-4_500"),
        (2**63 - 1, "9_223_372_036_854_775_807"),
        (17_295.6667, "17_295.7"),
        (17_295.0, "17_295"),
    ],
)
def test_price_is_grouped_with_at_most_one_decimal(value: float | None, shown: str) -> None:
    assert price(value).translate(PLAIN) == shown


def test_difference_has_a_sign() -> None:
    shown = [signed_price(value).translate(PLAIN) for value in (40, 0, -1_040)]
    assert shown == ["+40", "0", "-1_040"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, NOTHING),
        (0, "0_%"),
        (4.24, "+4.2_%"),
        (-0.3, "-0.3_%"),
        (-0.052, "-0.05_%"),
        (1_234.6, "+1_235_%"),
    ],
)
def test_change_has_a_sign_and_as_many_decimals_as_help(value: float | None, shown: str) -> None:
    assert percent(value).translate(PLAIN) == shown


def test_scripts_tell_ages_as_the_server_does() -> None:
    units = re.findall(r'^  \[([\w* ]+), (\d+), "(\w+)"\],$', LIVE.read_text(), re.M)
    assert [sign for _, _, sign in units] == ["s", "min", "h", "days"]
    for limit, unit_s, sign in units:
        seconds = min(prod(map(float, limit.split("*"))), 1e9) - 0.5
        assert age(seconds) == f"{int(seconds // int(unit_s))} {sign}"


def test_what_is_yet_to_come_is_of_this_moment() -> None:
    assert "0 s ago" in ago(NOW + timedelta(seconds=5), NOW)
    assert ago(None, NOW) == "never"


@pytest.mark.parametrize(
    ("earlier", "shown"), [(timedelta(hours=14), ">00:05 UTC<"), (timedelta(hours=15), ">5 Mar<")]
)
def test_of_today_the_time_is_shown_and_else_the_day(earlier: timedelta, shown: str) -> None:
    assert shown in since(NOW - earlier, NOW)
