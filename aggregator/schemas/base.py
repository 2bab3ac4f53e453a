"""Fields and schemas whose errors carry a code for programs and words for people.

An error message here is ``{"code": …, "detail": …}``; :func:`find_faults` reads them back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields
from webargs.fields import DelimitedList

from aggregator.errors import Fault, pointer_to

#: In a field's metadata: an answer does not always hold it.
OPTIONAL = "optional"

_DIGITS = re.compile(r"-?[0-9]+")

#: ``code`` and ``detail``.
Message = dict[Any, Any]


def message(code: str, detail: str) -> Message:
    """Return an error message."""
    return {"code": code, "detail": detail}


_REQUIRED = message("required", "This field is required.")
_NULL = message("null", "This field may not be null.")


class InputSchema(Schema):
    """A schema for what clients send: unknown fields are errors."""

    class Meta:
        unknown = RAISE

    error_messages: dict[str, Any] = {
        "unknown": message("unknown", "There is no such field."),
        "type": message("type", "This must be a JSON object."),
    }


class QuerySchema(InputSchema):
    """A schema for the parameters of a URL."""

    error_messages: dict[str, Any] = {
        "unknown": message("unknown", "There is no such parameter."),
    }


class Text(fields.String):
    """Text of bounded length that a database can hold.

    :param strip: cut white space off both ends first.
    """

    default_error_messages = {
        "required": _REQUIRED,
        "null": _NULL,
        "invalid": message("type", "This must be a string."),
    }

    def __init__(
        self, *, min_length: int = 0, max_length: int, strip: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(validate=_text_validator(min_length, max_length), **kwargs)
        self.min_length, self.max_length, self.strip = min_length, max_length, strip

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        return text.strip() if self.strip else text


class Uuid(fields.UUID):
    """A UUID of any version and variant."""

    default_error_messages = {
        "required": _REQUIRED,
        "null": _NULL,
        "invalid_uuid": message("format", "This must be a UUID."),
    }


class UuidList(DelimitedList):
    """UUIDs with commas between them, from one to so many."""

    def __init__(self, highest: int, **kwargs: Any) -> None:
        wrong = message("size", f"This must be 1 to {highest} UUIDs, with commas between them.")

        def validate(found: list[UUID]) -> None:
            if not 1 <= len(found) <= highest:
                raise ValidationError([wrong])

        super().__init__(Uuid(), validate=validate, **kwargs)
        self.highest = highest

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        try:
            found: list[Any] = super()._deserialize(value, *args, **kwargs)  # type: ignore[no-untyped-call]
        except ValidationError as error:
            places = ", ".join(str(int(place) + 1) for place in error.messages_dict)
            told = message("format", f"These of the list are no UUIDs, by their place: {places}.")
            raise ValidationError([told]) from None
        return found


class Whole(fields.Integer):
    """A whole number within bounds. As text it has digits only: Python takes ``1_0`` for 10."""

    def __init__(self, lowest: int, highest: int, **kwargs: Any) -> None:
        wrong = message("range", f"This must be a whole number from {lowest} to {highest}.")

        def validate(value: int) -> None:
            if not lowest <= value <= highest:
                raise ValidationError([wrong])

        messages: dict[str, str | list[Any] | dict[Any, Any]] = {
            "required": _REQUIRED,
            "null": _NULL,
            "invalid": wrong,
            "too_large": wrong,
        }
        super().__init__(validate=validate, error_messages=messages, **kwargs)
        self.lowest, self.highest = lowest, highest

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if isinstance(value, str) and not _DIGITS.fullmatch(value):
            raise self.make_error("invalid")
        return super()._deserialize(value, *args, **kwargs)


class Choice(fields.String):
    """One of several words."""

    def __init__(self, *words: str, **kwargs: Any) -> None:
        wrong = message("choice", f"This must be one of {', '.join(words)}.")

        def validate(value: str) -> None:
            if value not in words:
                raise ValidationError([wrong])

        super().__init__(validate=validate, error_messages={"invalid": wrong}, **kwargs)
        self.words = words


class Flag(fields.Boolean):
    """``true`` or ``false``, in these very words."""

    truthy = {"true"}
    falsy = {"false"}
    default_error_messages = {"invalid": message("choice", "This must be true or false.")}


class Instant(fields.DateTime):
    """An instant in the one form of the API: RFC 3339, UTC, milliseconds, ``Z``."""

    def _serialize(self, value: datetime | None, *args: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")


class NestedOrNulls(fields.Nested):
    """An object that is always there: where there is nothing to tell, all its fields are null."""

    def _serialize(  # type: ignore[override]
        self, value: Any, attr: str | None, obj: Any, **kwargs: Any
    ) -> Any:
        if value is None:
            return dict.fromkeys(self.schema.dump_fields)
        return super()._serialize(value, attr, obj, **kwargs)  # type: ignore[no-untyped-call]


def find_faults(messages: Any, location: str = "pointer") -> Iterator[Fault]:
    """Yield each error of a marshmallow error tree.

    :param location: ``pointer`` where it is of a body, else ``parameter`` or ``header``.
    """
    for path, told in _walk(messages, ()):
        where = pointer_to(*path) if location == "pointer" else "/".join(path)
        yield Fault(location, where, told["code"], told["detail"])


def _walk(messages: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Message]]:
    if isinstance(messages, dict) and messages.keys() == {"code", "detail"}:
        yield path, messages
    elif isinstance(messages, dict):
        for key, below in messages.items():
            yield from _walk(below, path if key == "_schema" else (*path, str(key)))
    elif isinstance(messages, list):
        for below in messages:
            yield from _walk(below, path)
    else:
        yield path, message("invalid", str(messages))


def _text_validator(min_length: int, max_length: int) -> Callable[[str], None]:
    def validate(text: str) -> None:
        wrong = []
        if "\0" in text:
            wrong.append(message("nul", "This may not hold a NUL character."))
        if len(text) < min_length:
            wrong.append(message("too_short", "This may not be empty."))
        if len(text) > max_length:
            wrong.append(message("too_long", f"This may have at most {max_length} characters."))
        if wrong:
            raise ValidationError(wrong)

    return validate
