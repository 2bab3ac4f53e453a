"""A read replica for what only reads; whatever it cannot answer, the database itself is asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import structlog
from flask import Flask, current_app
from sqlalchemy import Engine

from aggregator.database_errors import DATABASE_ERRORS, first_line
from aggregator.db import db, reads_from
from aggregator.engines import engine_options
from aggregator.errors import OfferNotFound, ProductNotFound
from aggregator.settings import Settings

log = structlog.get_logger(__name__)

_BIND = "readonly"
_REPLICA = "aggregator.replica"
#: So long nobody waits to connect: there is another database to ask.
_CONNECT_TIMEOUT_S = 2
#: So long a replica that failed is left alone.
_REST_S = 10.0

View = TypeVar("View", bound=Callable[..., Any])


class Replica:
    """A replica, left alone for a while after it failed.

    :param clock: monotonic seconds.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self.engine = engine
        self._clock = clock
        self._usable_from = clock()

    def is_usable(self) -> bool:
        """Tell whether to ask it."""
        return self._clock() >= self._usable_from

    def leave_alone(self, error: Exception) -> None:
        """Ask the database itself for a while."""
        self._usable_from = self._clock() + _REST_S
        log.warning("replica_failed", reason=first_line(error), retry_in_s=_REST_S)


def binds(settings: Settings, process: str) -> dict[str, dict[str, Any]]:
    """Return Flask-SQLAlchemy's configuration of the replica: none where there is no replica."""
    database_url = settings.database_url_readonly
    if database_url is None:
        return {}
    options = engine_options(database_url, pool_size=settings.database_pool_size, process=process)
    if "connect_args" in options:
        options["connect_args"] |= {"connect_timeout": _CONNECT_TIMEOUT_S}
    return {_BIND: {"url": database_url, **options}}


def init_app(app: Flask) -> None:
    """Keep the replica for :func:`reads_replica`, where there is one."""
    with app.app_context():
        engine = db.engines.get(_BIND)
    app.extensions[_REPLICA] = Replica(engine) if engine else None


def reads_replica(view: View) -> View:
    """Let a view that only reads read from the replica.

    It is called once more, and reads from the database itself, where the replica fails, and
    where it does not know what is asked for: that may only be on its way there.
    """

    @wraps(view)
    def read(*args: Any, **kwargs: Any) -> Any:
        replica: Replica | None = current_app.extensions[_REPLICA]
        if replica and replica.is_usable():
            try:
                with reads_from(replica.engine):
                    return view(*args, **kwargs)
            except (ProductNotFound, OfferNotFound):
                pass
            except DATABASE_ERRORS as error:
                replica.leave_alone(error)
        return view(*args, **kwargs)

    return cast(View, read)
