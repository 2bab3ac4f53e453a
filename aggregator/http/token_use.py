"""When tokens were used: nice to know, and no request may fail or wait for it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from flask import Response
from sqlalchemy import Engine

from aggregator.database_errors import DATABASE_ERRORS, first_line
from aggregator.db import unit_of_work
from aggregator.services.api_tokens import USE_RESOLUTION, note_use

log = structlog.get_logger(__name__)


class TokenUse:
    """Writes down the use of tokens, each about once a minute."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # A database that cannot be written to now is left in peace as well.
        self._tried_at: dict[UUID, datetime] = {}

    def note_when_sent(self, token_id: UUID, now: datetime, response: Response) -> Response:
        """Write down a use as soon as the response is sent; return the response."""
        tried_at = self._tried_at.get(token_id)
        if tried_at is None or not tried_at <= now < tried_at + USE_RESOLUTION:
            self._tried_at[token_id] = now
            response.call_on_close(partial(self._note, token_id, now))
        return response

    def _note(self, token_id: UUID, now: datetime) -> None:
        try:
            with unit_of_work(self._engine) as session:
                note_use(session, token_id, now=now)
        except DATABASE_ERRORS as error:
            log.warning("token_use_not_noted", token_id=token_id, reason=first_line(error))
