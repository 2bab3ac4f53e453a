"""Figures as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint
from markupsafe import Markup, escape

from aggregator.clock import from_ms

bp = Blueprint("shown", __name__)

#: Between groups of digits: narrow, and no line breaks there.
_THIN_SPACE = "\u202f"
_MINUS = "\u2212"
#: Seconds up to which an age is told in a unit, that unit's seconds, and its sign.
_UNITS = ((100, 1, "s"), (100 * 60, 60, "min"), (48 * 3600, 3600, "h"), (None, 86400, "days"))
NOTHING = "\u2013"


@bp.app_template_filter()
def price(value: float | None) -> str:
    """Return a price with its digits in groups of three; at most one decimal."""
    if value is None:
        return NOTHING
    text = f"{value:,.1f}".removesuffix(".0")
    return text.replace(",", _THIN_SPACE).replace("-", _MINUS)


@bp.app_template_filter()
def percent(value: float | None) -> str:
    """Return a change with its sign: ``+4.2 %``, ``−0.3 %``."""
    if value is None:
        return NOTHING
    places = 0 if abs(value) >= 1000 else 2 if abs(value) < 0.1 else 1
    text = f"{value:+,.{places}f}".replace(",", _THIN_SPACE).replace("-", _MINUS)
    return f"{text}{_THIN_SPACE}%"


@bp.app_template_filter()
def instant(value: datetime | int | None) -> str:
    """Return an instant to the minute, in UTC. A number counts milliseconds since 1970."""
    if value is None:
        return NOTHING
    return f"{_utc(value):%-d %b %Y, %H:%M} UTC"


@bp.app_template_filter()
def iso(value: datetime | int) -> str:
    """Return an instant as programs read it."""
    return _utc(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@bp.app_template_filter()
def ago(value: datetime | int | None, now: datetime) -> str | Markup:
    """Return how long ago an instant is: ``12 s ago``. Scripts keep that up to date."""
    if value is None:
        return "never"
    told = age((now - _utc(value)).total_seconds())
    return Markup('<time datetime="{}" title="{}" data-age>{} ago</time>').format(
        escape(iso(value)), escape(instant(value)), told
    )


def age(seconds: float) -> str:
    """Return a length of time in its largest fitting unit."""
    seconds = max(seconds, 0)
    for limit, unit_s, sign in _UNITS:
        if limit is None or seconds < limit:
            break
    return f"{int(seconds // unit_s)} {sign}"


def _utc(value: datetime | int) -> datetime:
    return (value if isinstance(value, datetime) else from_ms(value)).astimezone(UTC)
