"""Products, as clients send and receive them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load

from aggregator.schemas.base import InputSchema, Instant, Text, Uuid
from aggregator.schemas.lists import PageSchema

NAME_MAX_LENGTH = 255
DESCRIPTION_MAX_LENGTH = 10_000


def _name(**kwargs: Any) -> Text:
    return Text(min_length=1, max_length=NAME_MAX_LENGTH, strip=True, **kwargs)


def _description(**kwargs: Any) -> Text:
    return Text(max_length=DESCRIPTION_MAX_LENGTH, **kwargs)


class NewProductSchema(InputSchema):
    """A product to create."""

    product_id = Uuid(data_key="id", load_default=None)
    name = _name(required=True)
    description = _description(load_default="")


class ReplaceProductSchema(InputSchema):
    """A product's whole new content."""

    name = _name(required=True)
    description = _description(required=True)


class PatchProductSchema(InputSchema):
    """A merge patch (RFC 7396): null resets the description."""

    name = _name()
    description = _description(allow_none=True)

    @post_load
    def _reset(self, patch: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: "" if value is None else value for name, value in patch.items()}


class ProductSchema(Schema):
    """A product, with where it stands at the offers service."""

    id = fields.UUID()
    name = fields.String()
    description = fields.String()
    version = fields.Integer()
    created_at = Instant()
    updated_at = Instant()
    registered_at = Instant(allow_none=True)
    registration_error = fields.String(allow_none=True)
    best_price = fields.Integer(allow_none=True)
    offers_count = fields.Integer()
    checked_at = Instant(allow_none=True)
    stale = fields.Boolean()


class ProductPageSchema(PageSchema):
    """A page of products."""

    class Meta:
        fields = ("items", "total", "links")

    items = fields.List(fields.Nested(ProductSchema))
