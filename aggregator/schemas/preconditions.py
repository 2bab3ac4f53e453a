"""The headers that make a change depend on a product's version (RFC 9110, 13.1)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from aggregator.schemas.base import message

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
#: Lists may hold empty elements, which count for nothing (RFC 9110, 5.6.1.2).
_LIST = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")
#: What a tag begins with; where more follows, it is a mark of other things than the version.
_VERSION = re.compile(r'"([1-9][0-9]{0,9})[."]')
_EVERY_VERSION = range(1, 2**31)


class EntityTags(fields.Field[Collection[int]]):
    """A list of entity-tags, loaded as the versions that they name; ``*`` is every version.

    :param weak: weak tags count as well.
    """

    default_error_messages = {
        "format": message("format", 'This must be * or a list of entity-tags such as "3.k7f2".'),
    }

    def __init__(self, *, weak: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._weak = weak

    def _deserialize(self, value: str, *args: Any, **kwargs: Any) -> Collection[int]:
        if value.strip(" \t") == "*":
            return _EVERY_VERSION
        if not _LIST.fullmatch(value):
            raise ValidationError([self.default_error_messages["format"]])
        tags = [tag for tag in re.findall(_TAG, value) if self._weak or not tag.startswith("W/")]
        found = (_VERSION.match(tag.removeprefix("W/")) for tag in tags)
        return {int(version[1]) for version in found if version}


class PreconditionHeaders(Schema):
    """Which versions a product must be in, or must not, to be changed."""

    class Meta:
        unknown = EXCLUDE

    expected = EntityTags(weak=False, data_key="If-Match", load_default=None)
    excluded = EntityTags(weak=True, data_key="If-None-Match", load_default=tuple)
