"""The reference's answer to a question, in the shape that the API gives it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from tests.trend.buckets import begins, buckets, resolve
from tests.trend.reference import (
    Endpoint,
    History,
    Level,
    Line,
    explain,
    find_end,
    find_start,
    prices_in,
)

Number = int | float
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked; the period is resolved to instants."""

    start: int
    end: int
    clamped: bool = False
    tz: str = "UTC"
    aggregate: str = "best"
    offer_id: UUID | None = None
    endpoints: str = "nearest"
    interval: str = "auto"


def rounded(value: Fraction | int | None) -> Number | None:
    """Round to 4 decimals, halves to even. There is no negative zero among fractions."""
    if value is None:
        return None
    nearest = round(Fraction(value), 4)
    return int(nearest) if nearest.denominator == 1 else float(nearest)


def text(at: int) -> str:
    """Write an instant as the API does."""
    instant = EPOCH + timedelta(milliseconds=at)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def answer(product_id: UUID, history: History, question: Question) -> dict[str, Any]:
    """Answer a question about a product's history: everything but the links."""
    line = Line(history, question.aggregate, question.offer_id)
    strict = question.endpoints == "strict"
    start = find_start(line, question.start, question.end, strict=strict)
    end = find_end(line, question.start, question.end, strict=strict)
    level = Level.of(line, question.start, question.end)
    return {
        "product_id": str(product_id),
        "offer_id": _id(question.offer_id),
        "aggregate": question.aggregate,
        "tz": question.tz,
        "period": {
            "from": text(question.start),
            "to": text(question.end),
            "seconds": rounded(Fraction(question.end - question.start, 1000)),
            "clamped": question.clamped,
        },
        "start": _endpoint(line, start),
        "end": _endpoint(line, end),
        "change": _change(line, question, start, end),
        **_reasons_of_change(line, start, end),
        **_extremes(line, question),
        "average": rounded(level.average),
        "coverage": rounded(level.coverage),
        "available": rounded(level.available),
        "slope_per_day": rounded(level.slope_per_day),
        "resolution": "exact",
        **_series(line, question),
    }


def _id(offer_id: UUID | None) -> str | None:
    return str(offer_id) if offer_id else None


def _endpoint(line: Line, endpoint: Endpoint | None) -> dict[str, Any]:
    if endpoint is None:
        return dict.fromkeys(("value", "at", "observed_at", "method", "stale", "offer_id"))
    holds_at = endpoint.holds_at
    last_poll = line.history.last_poll(holds_at)
    assert last_poll, "where there is a price there was a poll"
    return {
        "value": rounded(line.price(holds_at)),
        "at": text(endpoint.at),
        "observed_at": text(last_poll[0]),
        "method": endpoint.method,
        "stale": not line.history.known(holds_at),
        "offer_id": _id(line.offer_at(holds_at)),
    }


def _change(
    line: Line, question: Question, start: Endpoint | None, end: Endpoint | None
) -> dict[str, Any]:
    old = line.price(start.holds_at) if start else None
    new = line.price(end.holds_at) if end else None
    if old is None or new is None:
        reason = _why_no_change(line, question, start)
        return {"absolute": None, "percent": None, "direction": None, "reason": reason}
    difference = new - old
    return {
        "absolute": rounded(difference),
        "percent": rounded(100 * difference / old) if old else None,
        "direction": "up" if difference > 0 else "down" if difference < 0 else "flat",
        "reason": None if old else "zero_baseline",
    }


def _why_no_change(line: Line, question: Question, start: Endpoint | None) -> str:
    if line.history.last_poll(question.end) is None:
        return "never_observed"
    if not prices_in(line, question.start, question.end):
        return "no_price_in_period"
    return "no_price_at_end" if start else "no_price_at_start"


def _reasons_of_change(line: Line, start: Endpoint | None, end: Endpoint | None) -> dict[str, Any]:
    if start is None or end is None or line.aggregate != "best" or line.offer_id is not None:
        return {"explain": None, "like_for_like": None}
    old, new = line.buyable(start.holds_at), line.buyable(end.holds_at)
    both = old.keys() & new.keys()
    before, after = sum(old[id_] for id_ in both), sum(new[id_] for id_ in both)
    percent = rounded(100 * Fraction(after - before, before)) if before else None
    return {
        "explain": explain(line, start, end),
        "like_for_like": {"offers": len(both), "percent": percent} if both else None,
    }


def _extremes(line: Line, question: Question) -> dict[str, Any]:
    prices = prices_in(line, question.start, question.end)
    if not prices:
        return dict.fromkeys(("low", "high"), dict.fromkeys(("value", "at", "offer_id")))
    found = {
        # Of equal prices both take the first.
        "low": min(prices, key=lambda price: price[0]),
        "high": max(prices, key=lambda price: price[0]),
    }
    return {
        name: {"value": rounded(price), "at": text(at), "offer_id": _id(line.offer_at(at))}
        for name, (price, at) in found.items()
    }


def _series(line: Line, question: Question) -> dict[str, Any]:
    interval = resolve(question.interval, question.tz, question.start, question.end)
    series = []
    for start, end in buckets(interval, question.tz, question.start, question.end):
        whole = all(begins(interval, question.tz, at) for at in (start, end))
        limits = {"at": text(start), "until": text(end), "partial": not whole}
        series.append(limits | _bucket(line, start, end))
    return {"interval": interval, "series": series}


def _bucket(line: Line, start: int, end: int) -> dict[str, Any]:
    level = Level.of(line, start, end)
    prices = [price for price, _ in prices_in(line, start, end - 1)]
    figures = {
        "open": rounded(line.price(start)),
        "close": rounded(line.price(end - 1)),
        "low": rounded(min(prices, default=None)),
        "high": rounded(max(prices, default=None)),
        "average": rounded(level.average),
        "available": rounded(level.available),
    }
    if level.known == 0:
        figures = dict.fromkeys(figures)
    return figures | {"coverage": rounded(level.coverage)}
