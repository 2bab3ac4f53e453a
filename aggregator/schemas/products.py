"""Products, as clients send and receive them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates, validates_schema

from aggregator.schemas.base import (
    Choice,
    Flag,
    InputSchema,
    Instant,
    Text,
    Uuid,
    UuidList,
    Whole,
    message,
)
from aggregator.schemas.lists import PageQuery, PageSchema
from aggregator.words import split_words

NAME_MAX_LENGTH = 255
DESCRIPTION_MAX_LENGTH = 10_000
#: As many fit into a URL, beside everything else that a list may be asked for.
MAX_IDS = 100
SEARCH_MAX_LENGTH = 200
_HIGHEST_PRICE = 2**63 - 1
_SORTED_BY = ("created_at", "updated_at", "name", "best_price")
SORTS = tuple(f"{sign}{name}" for name in _SORTED_BY for sign in ("", "-"))


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


class ProductListQuery(PageQuery):
    """The parameters of the list of products: a product is listed that fulfils all of them."""

    q = Text(max_length=SEARCH_MAX_LENGTH, load_default=None)
    ids = UuidList(MAX_IDS, data_key="id")
    registered = Flag(load_default=None)
    in_stock = Flag(load_default=None)
    min_price = Whole(0, _HIGHEST_PRICE, load_default=None)
    max_price = Whole(0, _HIGHEST_PRICE, load_default=None)
    sort = Choice(*SORTS, load_default=SORTS[0])

    @validates("q")
    def _check_words(self, q: str | None, data_key: str) -> None:
        if q is not None and not split_words(q):
            raise ValidationError([message("no_words", "There is no letter or digit in this.")])

    @validates_schema(skip_on_field_errors=False)
    def _check_prices(self, loaded: dict[str, Any], **_: Any) -> None:
        lowest, highest = loaded.get("min_price"), loaded.get("max_price")
        if lowest is not None and highest is not None and lowest > highest:
            told = message("order", "This may not be less than min_price.")
            raise ValidationError({"max_price": [told]})


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
