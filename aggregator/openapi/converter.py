"""marshmallow schemas as JSON Schema: what apispec cannot know of our fields and habits."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from aggregator.schemas.base import OPTIONAL, Choice, InputSchema, Instant, Text, UuidList, Whole
from aggregator.schemas.numbers import InstantMs
from aggregator.schemas.periods import PastInstant
from aggregator.schemas.preconditions import EntityTags

#: What fields mean: schema → field → words.
_WORDS: dict[str, dict[str, str]] = json.loads(
    files(__package__).joinpath("fields.json").read_text("utf-8")
)
#: Any text without NUL, which no database could store.
_NO_NUL = r"^[^\u0000]*$"
#: The same, and something in it is not white space.
_NO_NUL_NOT_BLANK = r"^[^\u0000]*[^\u0000\s][^\u0000]*$"


class Converter(OpenAPIConverter):
    """Answers hold all of their fields, unless a field says otherwise."""

    def schema2jsonschema(self, schema: Schema) -> dict[str, Any]:
        """Return the JSON Schema of a marshmallow schema."""
        described: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        described["description"] = _first_paragraph(schema)
        if not isinstance(schema, InputSchema):
            shown = schema.dump_fields.values()
            always = [field for field in shown if not field.metadata.get(OPTIONAL)]
            described["required"] = [str(field.data_key or field.name) for field in always]
        return described

    def field2property(self, field: fields.Field[Any]) -> dict[str, Any]:
        """Return the JSON Schema of a field."""
        found = super().field2property(field)
        if words := _find_words(field):
            found["description"] = words
        # Nothing is sent rather than null.
        if found.get("default", ...) is None:
            del found["default"]
        return found | _find_limits(field)


class Plugin(MarshmallowPlugin):
    """apispec's plugin with our converter."""

    Converter = Converter


def _find_limits(field: fields.Field[Any]) -> dict[str, Any]:
    """Return what a field's class says of its values."""
    limits: dict[str, Any] = {}
    match field:
        case Text():
            blank = field.strip and field.min_length > 0
            limits = {"minLength": field.min_length} if field.min_length else {}
            limits["maxLength"] = field.max_length
            limits["pattern"] = _NO_NUL_NOT_BLANK if blank else _NO_NUL
        case Choice():
            limits = {"enum": [*field.words, None] if field.allow_none else list(field.words)}
        case UuidList():
            limits = {"minItems": 1, "maxItems": field.highest}
        case Whole():
            limits = {"format": "int64", "minimum": field.lowest, "maximum": field.highest}
        case fields.Integer():
            limits = {"format": "int64"}
        case fields.Constant():
            limits = {"const": field.constant}
        case EntityTags():
            limits = {"type": "string"}
        case Instant() | InstantMs() | PastInstant():
            nullable = ["string", "null"] if field.allow_none else "string"
            limits = {"type": nullable, "format": "date-time"}
    return limits


def _find_words(field: fields.Field[Any]) -> str:
    for owner in type(field.parent).__mro__:
        words = _WORDS.get(owner.__name__.removesuffix("Schema"), {})
        if found := words.get(str(field.data_key or field.name)):
            return found
    return ""


def _first_paragraph(schema: Schema) -> str:
    paragraph = (type(schema).__doc__ or "").strip().split("\n\n")[0]
    return " ".join(paragraph.split()).replace("``", "`")
