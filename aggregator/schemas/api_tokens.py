"""API tokens as commands print them."""

from __future__ import annotations

from marshmallow import Schema, fields

from aggregator.schemas.base import Instant


class ApiTokenSchema(Schema):
    """All that is known of a token, which is not the token itself."""

    id = fields.UUID()
    name = fields.String()
    prefix = fields.String()
    scope = fields.String()
    created_at = Instant()
    expires_at = Instant(allow_none=True)
    revoked_at = Instant(allow_none=True)
    last_used_at = Instant(allow_none=True)
