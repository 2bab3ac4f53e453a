"""Reading the sealed hours of a single offer."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from aggregator.clock import from_ms, to_ms
from aggregator.history.bars import MS_PER_HOUR, Bar, Stretches, clip
from aggregator.history.codec.offer_hours import find_offer_hour
from aggregator.history.landmarks import Landmarks, join_landmarks
from aggregator.history.offer_hours import OfferHour
from aggregator.models import OfferFigures


class OfferHours:
    """The sealed hours of one offer."""

    def __init__(
        self, session: Session, product_id: UUID, offer_id: UUID, known: Stretches
    ) -> None:
        self._session = session
        self._product_id = product_id
        self._offer_id = offer_id
        self._known = known
        self._read: dict[tuple[int, int], list[tuple[int, OfferHour | None]]] = {}

    def bars(self, ranges: Stretches) -> list[list[Bar]]:
        """Return one bar an hour."""
        found = self._figures(ranges[0][0], ranges[-1][1])
        hours = [hour for hour, _ in found]
        return [
            [
                figures.bar if figures else self._bar_without(hour)
                for hour, figures in found[bisect_left(hours, start) : bisect_left(hours, end)]
            ]
            for start, end in ranges
        ]

    def landmarks(self, start: int, end: int) -> Landmarks:
        """Return the landmarks."""
        found = self._figures(start, end)
        return join_landmarks(figures.landmarks for _, figures in found if figures)

    def _figures(self, start: int, end: int) -> list[tuple[int, OfferHour | None]]:
        """Return the hours that have rows, each with the offer's figures where it was listed."""
        if (start, end) not in self._read:
            self._read[start, end] = list(self._read_figures(start, end))
        return self._read[start, end]

    def _read_figures(self, start: int, end: int) -> Iterator[tuple[int, OfferHour | None]]:
        rows = self._session.execute(
            select(OfferFigures.hour, OfferFigures.figures)
            .where(
                OfferFigures.product_id == self._product_id,
                OfferFigures.hour >= from_ms(start),
                OfferFigures.hour < from_ms(end),
            )
            .order_by(OfferFigures.hour)
        )
        for row in rows:
            hour = to_ms(row.hour)
            yield hour, find_offer_hour(row.figures, hour, self._offer_id)

    def _bar_without(self, hour: int) -> Bar:
        """Return the bar of an hour in which the offer was not listed."""
        known = clip(self._known, hour, hour + MS_PER_HOUR)
        known_ms = sum(end - start for start, end in known)
        return Bar(hour, hour + MS_PER_HOUR, None, None, None, None, known_ms)
