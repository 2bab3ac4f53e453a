"""Figures as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf
from uuid import UUID

from flask import Blueprint
from markupsafe import Markup

from aggregator.clock import from_ms

bp = Blueprint("shown", __name__)

#: Between groups of digits: narrow, and no line breaks there.
_THIN_SPACE = "\u202f"
_MINUS = "\u2212"
#: Seconds up to which an age is told in a unit, that unit's seconds, and its sign.
_UNITS = ((120, 1, "s"), (120 * 60, 60, "min"), (48 * 3600, 3600, "h"), (inf, 86400, "days"))
NOTHING = "\u2013"


@bp.app_template_filter()
def number(value: float) -> str:
    """Return a number with its digits in groups of three; at most one decimal."""
    # No double holds every whole number.
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")
    return text.replace(",", _THIN_SPACE).replace("-", _MINUS)


@bp.app_template_filter()
def price(value: float | None) -> str:
    """Return a price, which there may be none of."""
    return NOTHING if value is None else number(value)


@bp.app_template_filter()
def signed_price(value: float) -> str:
    """Return a difference of prices with its sign: ``+40``."""
    return f"+{number(value)}" if value > 0 else number(value)


@bp.app_template_filter()
def percent(value: float | None) -> str:
    """Return a change with its sign: ``+4.2 %``, ``-0.3 %`` with a true minus."""
    if value is None:
        return NOTHING
    if value == 0:
        return f"0{_THIN_SPACE}%"
    text = f"{value:+,.{decimals_of(value)}f}".replace(",", _THIN_SPACE).replace("-", _MINUS)
    return f"{text}{_THIN_SPACE}%"


@bp.app_template_filter()
def instant(value: datetime | int | None) -> str:
    """Return an instant to the minute, in UTC. A number counts milliseconds since 1970."""
    if value is None:
        return NOTHING
    return f"{_utc(value):%-d %b %Y, %H:%M} UTC"


@bp.app_template_filter()
def moment(value: datetime | int) -> str:
    """Return an instant in UTC, to the second, for a column of them."""
    return f"{_utc(value):%-d %b %Y, %H:%M:%S}"


@bp.app_template_filter()
def short_id(value: UUID) -> str:
    """Return what usually tells an id from others: its last digits."""
    return value.hex[-8:]


@bp.app_template_filter()
def sentence(words: str) -> str:
    """Return words with a capital in front."""
    return words[:1].upper() + words[1:]


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
        iso(value), instant(value), told
    )


@bp.app_template_filter()
def since(value: datetime, now: datetime) -> Markup:
    """Return an instant in short: of today the time, else the day, in UTC."""
    at = _utc(value)
    told = f"{at:%H:%M} UTC" if at.date() == _utc(now).date() else f"{at:%-d %b}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(iso(at), instant(at), told)


def decimals_of(percentage: float) -> int:
    """Return how many decimals of a percentage are worth reading."""
    size = abs(percentage)
    return 0 if size >= 1000 else 2 if size < 0.1 else 1


def age(seconds: float) -> str:
    """Return a length of time in its largest fitting unit."""
    seconds = max(seconds, 0)
    unit_s, sign = next((unit_s, sign) for limit, unit_s, sign in _UNITS if seconds < limit)
    return f"{int(seconds // unit_s)} {sign}"


def _utc(value: datetime | int) -> datetime:
    return (value if isinstance(value, datetime) else from_ms(value)).astimezone(UTC)
