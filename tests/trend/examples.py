"""The worked examples of the trend's definition, by its numbers.

Number 13 is about the period alone and stands with the tests.
"""

from __future__ import annotations

from tests.trend.worked import (
    FIVE_MINUTES,
    NO_ENDPOINT,
    NO_EXTREME,
    SOLD_OUT,
    A,
    D,
    Example,
    change,
    clock,
    hours,
    market,
    no_change,
)

UP_AND_DOWN = {0: market(A=100), 6: market(A=120), 18: market(A=90)}
REPLACED = {0: market(A=100), 10: market(B=130)}
#: The poll at 8h is what makes the end observed then.
UNDERCUT = {0: market(A=100, B=120, C=150)} | dict.fromkeys((4, 8), market(B=110, C=150, D=105))
SOLD_OUT_FIRST = {0: SOLD_OUT, 5: market(A=80), 8: market(A=60)}
SOLD_OUT_LATER = {0: market(A=50), 6: SOLD_OUT}
OUTAGE = {minute / 60: market(A=100) for minute in range(61)} | {
    minute / 60: market(A=140) for minute in range(180, 241)
}
THREE_OFFERS = {0: market(A=100, B=110, C=200)}

EXAMPLES = {
    "1-baseline-is-the-value-carried-in": Example(
        UP_AND_DOWN,
        hours(3, 24),
        {
            "start": {"value": 100, "observed_at": clock(0), "method": "at_start"},
            "end": {"value": 90, "method": "at_end"},
            "change": change(-10, -10, "down"),
            "low": {"value": 90, "at": clock(18)},
            "high": {"value": 120, "at": clock(6)},
            "average": 108.5714,
            "slope_per_day": -25.1895,
        },
    ),
    "2-no-change-is-zero": Example(
        {0: market(A=100)},
        hours(5, 9),
        {"change": change(0, 0, "flat"), "average": 100, "coverage": 1},
    ),
    "3-both-boundaries-count": Example(
        {0: market(A=100), 12: market(A=150), 24: market(A=200)},
        hours(12, 24),
        {
            "start": {"value": 150, "at": clock(12)},
            "end": {"value": 200, "at": clock(24)},
            "change": change(50, 33.3333, "up"),
            "average": 150,
            "high": {"value": 200, "at": clock(24)},
        },
    ),
    "4-jump-without-repricing": Example(
        REPLACED,
        hours(0, 20),
        {
            "change": change(30, 30, "up"),
            "average": 115,
            "explain": {"exit": None, "repricing": None, "entry": None, "replacement": 30},
            "like_for_like": None,
        },
    ),
    "4-offer-that-left": Example(
        REPLACED,
        hours(0, 20),
        {
            "offer_id": str(A),
            "end": {"value": 100, "at": clock(10), "method": "last_in_period"},
            "change": change(0, 0, "flat"),
        },
        offer_id=A,
    ),
    "5-market-up-while-sellers-cut": Example(
        UNDERCUT,
        hours(0, 8),
        {
            "offer_id": None,
            "aggregate": "best",
            "period": {"from": clock(0), "to": clock(8), "seconds": 28800, "clamped": False},
            "start": {"value": 100, "at": clock(0), "observed_at": clock(0)}
            | {"method": "at_start", "stale": False, "offer_id": str(A)},
            "end": {"value": 105, "at": clock(8), "observed_at": clock(8)}
            | {"method": "at_end", "stale": False, "offer_id": str(D)},
            "change": change(5, 5, "up"),
            "explain": {"exit": 20, "repricing": -10, "entry": -5, "replacement": 0},
            "like_for_like": {"offers": 2, "percent": -3.7037},
            "low": {"value": 100, "at": clock(0), "offer_id": str(A)},
            "high": {"value": 105, "at": clock(4), "offer_id": str(D)},
            "average": 102.5,
            "coverage": 1,
            "available": 1,
            "slope_per_day": 22.5,
            "resolution": "exact",
            "interval": "PT5M",
            "series": [
                {"at": clock(n / 12), "until": clock((n + 1) / 12), "partial": False}
                | dict.fromkeys(("open", "close", "low", "high", "average"), price)
                | {"coverage": 1, "available": 1}
                for n, price in enumerate([100] * 48 + [105] * 48)
            ],
        },
    ),
    "6-nearest-start": Example(
        SOLD_OUT_FIRST,
        hours(0, 10),
        {
            "start": {"value": 80, "at": clock(5), "method": "first_in_period"},
            "change": change(-20, -25, "down"),
            "average": 72,
            "available": 0.5,
        },
    ),
    "6-strict-start": Example(
        SOLD_OUT_FIRST,
        hours(0, 10, endpoints="strict"),
        {"start": NO_ENDPOINT, "change": no_change("no_price_at_start"), "explain": None},
    ),
    "7-nearest-end": Example(
        SOLD_OUT_LATER,
        hours(0, 12),
        {
            "end": {"value": 50, "at": clock(6), "method": "last_in_period"},
            "change": change(0, 0, "flat"),
            "available": 0.5,
        },
    ),
    "7-strict-end": Example(
        SOLD_OUT_LATER,
        hours(0, 12, endpoints="strict"),
        {"end": NO_ENDPOINT, "change": no_change("no_price_at_end"), "explain": None},
    ),
    "8-rise-from-zero": Example(
        {0: market(A=0), 1: market(A=10)},
        hours(0, 2),
        {"change": change(10, None, "up")},
    ),
    "8-fall-to-zero": Example(
        {0: market(A=10), 1: market(A=0)},
        hours(0, 2),
        {"change": change(-10, -100, "down")},
    ),
    "9-outage-is-not-filled": Example(
        OUTAGE,
        hours(0, 4, interval="PT1H"),
        {
            "change": change(40, 40, "up"),
            "average": 119.2,
            "coverage": 0.5208,
            "series": [
                {"open": 100, "average": 100, "coverage": 1},
                {"open": 100, "average": 100, "coverage": 0.0833},
                {"open": None, "average": None, "coverage": 0},
                {"open": 140, "average": 140, "coverage": 1},
            ],
        },
        stale_after=FIVE_MINUTES,
    ),
    "10-stale-start-counts": Example(
        OUTAGE,
        hours(2, 4),
        {
            "start": {"value": 100, "at": clock(2), "observed_at": clock(1), "stale": True},
            "change": change(40, 40, "up"),
            "low": {"value": 100, "at": clock(2)},
            "average": 140,
            "coverage": 0.5,
        },
        stale_after=FIVE_MINUTES,
    ),
    "11-best": Example(THREE_OFFERS, hours(0, 1), {"average": 100}),
    "11-mean": Example(THREE_OFFERS, hours(0, 1, aggregate="mean"), {"average": 136.6667}),
    "11-median": Example(THREE_OFFERS, hours(0, 1, aggregate="median"), {"average": 110}),
    "12-day-of-23-hours": Example(
        {0: market(A=100), 25: market(A=200)},
        {"from": "2026-03-29", "to": "2026-03-30", "tz": "Europe/Prague", "interval": "P1D"},
        {
            "tz": "Europe/Prague",
            "period": {"from": clock(-1, "2026-03-29"), "to": clock(22, "2026-03-29")}
            | {"seconds": 23 * 3600},
            "average": 191.3043,
            "series": [{"average": 191.3043, "open": 100, "close": 200, "partial": False}],
        },
        date="2026-03-28",
    ),
    "12-day-of-25-hours": Example(
        {0: market(A=100)},
        {"from": "2026-10-25", "to": "2026-10-26", "tz": "Europe/Prague", "interval": "P1D"},
        {"period": {"seconds": 25 * 3600}, "series": [{"average": 100, "partial": False}]},
        date="2026-10-24",
    ),
    "14-morning": Example(UP_AND_DOWN, hours(0, 12), {"change": change(20, 20, "up")}),
    "14-afternoon": Example(UP_AND_DOWN, hours(12, 24), {"change": change(-30, -25, "down")}),
    "14-both": Example(UP_AND_DOWN, hours(0, 24), {"change": change(-10, -10, "down")}),
    "15-slope-per-time-not-per-poll": Example(
        {0: market(A=100), 24: market(A=130)},
        hours(0, 48),
        {"change": change(30, 30, "up"), "slope_per_day": 22.5},
    ),
    "16-direction-is-not-of-the-rounded": Example(
        {0: market(A=2_000_000), 1: market(A=2_000_001)},
        hours(0, 2),
        {"change": change(1, 0, "up")},
    ),
    "17-up-by-a-third": Example(
        {0: market(A=3), 1: market(A=4)},
        hours(0, 2),
        {"change": change(1, 33.3333, "up")},
    ),
    "17-down-by-a-third": Example(
        {0: market(A=3), 1: market(A=2)},
        hours(0, 2),
        {"change": change(-1, -33.3333, "down")},
    ),
    "18-never-observed": Example(
        {6: market(A=100)},
        hours(0, 3),
        {
            "start": NO_ENDPOINT,
            "end": NO_ENDPOINT,
            "change": no_change("never_observed"),
            "low": NO_EXTREME,
            "high": NO_EXTREME,
            "average": None,
            "coverage": 0,
            "available": None,
            "slope_per_day": None,
        },
    ),
    "19-no-price-before-the-first-poll": Example(
        {6: market(A=100), 7: market(A=110)},
        hours(0, 12),
        {
            "start": {"value": 100, "at": clock(6), "method": "first_in_period"},
            "change": change(10, 10, "up"),
            "coverage": 0.5,
            "average": 108.3333,
        },
    ),
}
