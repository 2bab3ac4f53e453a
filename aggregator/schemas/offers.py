"""Offers, as clients receive them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_dump

from aggregator.schemas.base import OPTIONAL, Choice, Flag, Instant
from aggregator.schemas.lists import PageQuery, PageSchema
from aggregator.schemas.periods import RESOLUTIONS, PastInstant


class OfferListQuery(PageQuery):
    """The parameters of a product's offer list."""

    sort = Choice("price", "-price", "items_in_stock", "-items_in_stock", load_default="price")
    in_stock = Flag(load_default=None)
    at = PastInstant(load_default=None)


class ListedOfferSchema(Schema):
    """An offer that is listed."""

    id = fields.UUID()
    product_id = fields.UUID()
    price = fields.Integer()
    items_in_stock = fields.Integer()
    first_seen_at = Instant()
    changed_at = Instant()


class OfferSchema(ListedOfferSchema):
    """An offer, listed or ended. ``ended_at`` is there where it ended."""

    ended_at = Instant(metadata={OPTIONAL: True})

    @post_dump
    def _leave_out_end(self, offer: dict[str, Any], **_: Any) -> dict[str, Any]:
        if offer["ended_at"] is None:
            del offer["ended_at"]
        return offer


class OfferPageSchema(PageSchema):
    """A page of a product's offers, with how fresh it is."""

    class Meta:
        fields = ("items", "checked_at", "stale", "at", "resolution", "total", "links")

    items = fields.List(fields.Nested(ListedOfferSchema))
    checked_at = Instant(allow_none=True)
    stale = fields.Boolean()
    at = Instant(metadata={OPTIONAL: True})
    """There where an instant was asked for: the one that is answered."""
    resolution = fields.String(metadata={OPTIONAL: True, "enum": RESOLUTIONS})
    """There where an instant was asked for: ``exact``, or ``PT1H``."""
