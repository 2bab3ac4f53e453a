"""The settings, read from the environment once, by the entry point."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from aggregator.environment import read_environment
from aggregator.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that an operator can choose. Times are in seconds.

    Tests and embedding programs make one by hand; processes call :meth:`from_env`.
    """

    #: SQLAlchemy URL. A relative SQLite path is below Flask's instance folder.
    database_url: str = field(default="sqlite:///aggregator.db", repr=False)
    #: Connections to PostgreSQL that one process may hold open.
    database_pool_size: int = 5
    #: A replica of that database, from which the API answers GET. None: there is none.
    database_url_readonly: str | None = field(default=None, repr=False)
    #: Base of the offers service including ``/api/v1``, without a slash at its end.
    offers_base_url: str | None = None
    #: Permanent secret exchanged for access tokens (generation 2). None: generation 1.
    offers_refresh_token: str | None = field(default=None, repr=False)
    #: Limit for connecting to the offers service, and for one whole exchange with it.
    offers_timeout_s: float = 5.0
    #: The same for the registration inside ``POST /products``.
    register_timeout_s: float = 2.0
    #: How often each product's offers are asked for.
    poll_interval_s: float = 60.0
    #: Upstream requests under way at once in one poller.
    poll_concurrency: int = 16
    #: Requests per second that all pollers together send upstream. None: any number.
    poll_max_per_s: float | None = None
    #: After this long without a successful poll a product's data counts as stale.
    stale_after_s: float = 300.0
    #: How long minute-by-minute history is kept. Hourly figures are kept for ever.
    history_detail_days: int = 90
    #: Which calls of the API ask for a token: ``off`` none, ``write`` those that change
    #: something, ``all``.
    api_auth: str = "off"
    #: Requests that one client may send, such as ``10/second;600/minute``. None: any number.
    rate_limit: str | None = None
    #: Where these are counted: ``memory://`` in each web process, or a Redis for all of them.
    rate_limit_storage: str = field(default="memory://", repr=False)
    #: Web origins whose pages may call the API, in lower case, or ``*`` alone for all.
    cors_origins: tuple[str, ...] = ()
    #: What cookies are signed with. None: a random key, which is kept in the database.
    secret_key: str | None = field(default=None, repr=False)
    #: How many proxies stand in front, each of which tells in ``X-Forwarded-For`` who called it.
    trusted_proxies: int = 0
    log_level: str = "info"
    #: ``json``: one object a line. ``text``: for people.
    log_format: str = "json"
    #: TCP port of the web server.
    port: int = 5000
    #: Processes of the web server.
    web_concurrency: int = 2
    #: Whether each of them is kept to one processor: ``on`` or ``off``.
    web_cpu_affinity: str = "on"
    #: TCP port where the poller tells its figures to Prometheus. None: nowhere.
    metrics_port: int | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; an empty variable counts as not set.

        :raises SettingsError: Names every bad variable, not the first only.
        """
        values = read_environment(environ)
        _check_replica(values.get("database_url", cls.database_url), values)
        values.setdefault("stale_after_s", 5 * values.get("poll_interval_s", cls.poll_interval_s))
        values.setdefault("log_format", "text" if sys.stderr.isatty() else "json")
        return cls(**values)


def _check_replica(database_url: str, values: Mapping[str, Any]) -> None:
    replica = values.get("database_url_readonly")
    if replica and urlsplit(replica).scheme != urlsplit(database_url).scheme:
        told = "must be a replica of DATABASE_URL, and so the same kind of database"
        raise SettingsError({"DATABASE_URL_READONLY": told})
