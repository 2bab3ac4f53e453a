"""What all lists have in common."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_dump

from aggregator.schemas.base import OPTIONAL, Choice, QuerySchema, Text, Whole

#: Enough for any text of 255 characters that a list is sorted by.
CURSOR_MAX_LENGTH = 2200


class PageQuery(QuerySchema):
    """The parameters of every list."""

    limit = Whole(1, 200, load_default=50)
    cursor = Text(min_length=1, max_length=CURSOR_MAX_LENGTH, load_default=None)
    include = Choice("total", load_default=None)


class LinksSchema(Schema):
    """Where this page and the one behind it are; ``next`` is null on the last page."""

    self = fields.String(required=True)
    next = fields.String(required=True, allow_none=True)


class PageSchema(Schema):
    """A page of a list: ``items`` and how to go on. ``total`` is there where it was asked for."""

    links = fields.Nested(LinksSchema, required=True)
    total = fields.Integer(metadata={OPTIONAL: True})

    @post_dump
    def _leave_out_total(self, page: dict[str, Any], **_: Any) -> dict[str, Any]:
        if page.get("total") is None:
            page.pop("total", None)
        return page
