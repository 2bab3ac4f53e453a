"""Where the detail is gone, periods of whole hours give the numbers that they gave before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.trend.api import TrendApi
from tests.trend.buckets import resolve
from tests.trend.conftest import cases
from tests.trend.histories import histories, questions
from tests.trend.reference import History
from tests.trend.tolerance import expected_of
from tests.trend.worked import HOUR

#: In these an hour of the wall clock is an hour of UTC.
ZONES = ["UTC", "Europe/Prague", "America/New_York"]
WITHIN_AN_HOUR = {"PT1M", "PT5M", "PT15M"}


def as_far_as_known(expected: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return an endpoint without what nobody knows any more of a price inside an hour."""
    inside = expected["method"] in ("first_in_period", "last_in_period")
    forgotten = [name for name in ("observed_at", "offer_id") if inside and found[name] is None]
    return expected | dict.fromkeys(forgotten)


@cases(0.1)
@given(data=st.data(), history=histories(), zone=st.sampled_from(ZONES))
def test_numbers_outlive_the_detail(
    trends: TrendApi, data: st.DataObject, history: History, zone: str
) -> None:
    assume(history.polls)
    asked = replace(data.draw(questions(history)), tz=zone)
    # Only hours before the last poll's are sealed.
    last_at, offers = history.polls[-1]
    history = replace(history, polls=(*history.polls, (last_at + HOUR, offers)))
    sealed = range(*(history.polls[n][0] // HOUR * HOUR for n in (0, -1)))
    start, end = (at // HOUR * HOUR if at in sealed else at for at in (asked.start, asked.end))
    assume(start < end and start < sealed.stop and sealed.start < end)
    wanted = resolve(asked.interval, zone, start, end)
    interval = "PT1H" if wanted in WITHIN_AN_HOUR else wanted

    with trends.stored(history, len(history.polls), detail_for=timedelta(0)) as product_id:
        found = trends.answer(product_id, history, asked)

    used = replace(asked, start=start, end=end, interval=interval)
    expected = expected_of(product_id, history, used)
    expected |= {"resolution": "PT1H", "explain": None, "like_for_like": None}
    expected |= {end: as_far_as_known(expected[end], found[end]) for end in ("start", "end")}
    assert found == expected
