"""Movers, as clients ask for them and receive them."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields

from aggregator.schemas.base import Choice, Text
from aggregator.schemas.lists import PageQuery, PageSchema
from aggregator.schemas.periods import PeriodQuery, PeriodSchema
from aggregator.schemas.products import ProductSchema
from aggregator.schemas.trends import ChangeSchema, EndpointSchema


class MoversQuery(PeriodQuery, PageQuery):
    """The parameters of movers: the period lasts until now, and there is one page."""

    class Meta:
        unknown = RAISE
        exclude = ("start", "end", "tz", "cursor", "include")

    period = Text(max_length=100, load_default="24h")
    sort = Choice("percent", "-percent", "absolute", "-absolute", load_default="percent")


class MoverSchema(Schema):
    """A product, and how its best price changed."""

    product = fields.Nested(ProductSchema)
    start = fields.Nested(EndpointSchema)
    end = fields.Nested(EndpointSchema)
    change = fields.Nested(ChangeSchema)


class MoversSchema(PageSchema):
    """Products in the order of their changes, with the period as it was resolved."""

    class Meta:
        fields = ("items", "period", "links")

    items = fields.List(fields.Nested(MoverSchema))
    period = fields.Nested(PeriodSchema)
