"""Instants in words, as a shopper somewhere would name them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from aggregator.clock import from_ms


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Names instants, in milliseconds since 1970, of which none is in the future."""

    tz: str
    """Whose clock and calendar they are told by: an IANA name."""
    now: int

    def name(self, instant: int) -> str:
        """Return an instant by its day of the last week, or by its date: ``Tuesday 14:05``."""
        local = self._local(instant)
        days_ago = (self._local(self.now).date() - local.date()).days
        if days_ago >= 7:
            return self.date(instant)
        return f"today {local:%H:%M}" if days_ago == 0 else f"{local:%A %H:%M}"

    def when(self, instant: int) -> str:
        """Return when something was: ``on Tuesday 14:05``, ``today 14:05``."""
        name = self.name(instant)
        return name if name.startswith("today") else f"on {name}"

    def date(self, instant: int) -> str:
        """Return date and time: ``1 March 14:05``; the year only where it is another one."""
        local = self._local(instant)
        return f"{local.day} {local:%B}{self._year(local)} {local:%H:%M}"

    def short(self, instant: int, *, with_time: bool) -> str:
        """Return an instant for a column of them: ``Tue 03 Mar``, ``Tue 03 Mar 14:05``."""
        local = self._local(instant)
        return f"{local:%a %d %b}{self._year(local)}{f' {local:%H:%M}' if with_time else ''}"

    def _local(self, instant: int) -> datetime:
        return from_ms(instant).astimezone(ZoneInfo(self.tz))

    def _year(self, local: datetime) -> str:
        return "" if local.year == self._local(self.now).year else f" {local.year}"
