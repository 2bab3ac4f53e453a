"""Changes of offers, as clients ask for them and receive them."""

from __future__ import annotations

from marshmallow import Schema, fields

from aggregator.bulk import CSV, JSON, NDJSON
from aggregator.schemas.base import Choice, Uuid
from aggregator.schemas.lists import PageQuery, PageSchema
from aggregator.schemas.numbers import InstantMs
from aggregator.schemas.periods import RESOLUTIONS, PeriodQuery, PeriodSchema


class ChangeListQuery(PeriodQuery, PageQuery):
    """The parameters of a product's history."""

    offer_id = Uuid(load_default=None)
    sort = Choice("at", "-at", load_default="at")
    format = Choice(JSON, CSV, NDJSON, load_default=None)


class EventSchema(Schema):
    """A change of one offer. Price and stock are null where it ended."""

    at = InstantMs()
    offer_id = fields.UUID()
    price = fields.Integer(allow_none=True)
    items_in_stock = fields.Integer(allow_none=True)
    event = fields.String(metadata={"enum": ["listed", "changed", "ended"]})


class ChangePageSchema(PageSchema):
    """A page of changes, with the period as it was resolved."""

    class Meta:
        fields = ("items", "period", "resolution", "total", "links")

    items = fields.List(fields.Nested(EventSchema))
    period = fields.Nested(PeriodSchema)
    resolution = fields.String(metadata={"enum": RESOLUTIONS})
    """``PT1H`` where the changes of some of the period are gone, else ``exact``."""
