"""The header that makes it safe to send a request again."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from aggregator.schemas.base import message

_KEY = re.compile(r"[ -~]{1,255}")


class IdempotencyKey(fields.String):
    """A key: printable ASCII, without the white space around it."""

    default_error_messages = {
        "format": message("format", "This must be 1 to 255 printable ASCII characters."),
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        key: str = super()._deserialize(value, *args, **kwargs).strip(" \t")
        if not _KEY.fullmatch(key):
            raise ValidationError([self.default_error_messages["format"]])
        return key


class IdempotencyHeaders(Schema):
    """Under which key a request is carried out once."""

    class Meta:
        unknown = EXCLUDE

    key = IdempotencyKey(data_key="Idempotency-Key", load_default=None)
