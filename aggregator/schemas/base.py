"""Fields and schemas whose errors carry a code for programs and words for people.

An error message here is ``{"code": …, "detail": …}``; :func:`find_faults` reads them back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

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
        self._strip = strip

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        return text.strip() if self._strip else text


class Uuid(fields.UUID):
    """A UUID of any version and variant."""

    default_error_messages = {
        "required": _REQUIRED,
        "null": _NULL,
        "invalid_uuid": message("format", "This must be a UUID."),
    }


class Whole(fields.Integer):
    """A whole number within bounds."""

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


class Choice(fields.String):
    """One of several words."""

    def __init__(self, *words: str, **kwargs: Any) -> None:
        wrong = message("choice", f"This must be one of {', '.join(words)}.")

        def validate(value: str) -> None:
            if value not in words:
                raise ValidationError([wrong])

        super().__init__(validate=validate, error_messages={"invalid": wrong}, **kwargs)


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


def find_faults(messages: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Message]]:
    """Yield each error of a marshmallow error tree with its JSON pointer (RFC 6901)."""
    if isinstance(messages, dict) and messages.keys() == {"code", "detail"}:
        yield "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in path), messages
    elif isinstance(messages, dict):
        for key, below in messages.items():
            yield from find_faults(below, path if key == "_schema" else (*path, str(key)))
    elif isinstance(messages, list):
        for below in messages:
            yield from find_faults(below, path)
    else:
        yield from find_faults(message("invalid", str(messages)), path)


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
