"""The environment variables: which there are, and what each may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from limits import parse_many
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from aggregator.errors import SettingsError

#: Requests per second. At a slower pace, registering and asking for one product would outlast its
#: lease.
SLOWEST_PER_S = 0.1

_SQLALCHEMY_DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "postgresql+psycopg2": "postgresql+psycopg2",
    "sqlite": "sqlite",
}

_SECRET_KEY_LENGTH = 32


def read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of those variables that are set, by their names in lower case.

    An empty variable counts as not set.

    :raises SettingsError: Names every bad variable, not the first only.
    """
    given = {name: value for name, value in environ.items() if value.strip()}
    try:
        loaded = _Environment(unknown=EXCLUDE).load(given)
    except ValidationError as error:
        faults = error.messages_dict
        raise SettingsError({name: faults[name][0] for name in sorted(faults)}) from None
    return {name.lower(): value for name, value in loaded.items()}


def read_database_url(value: str) -> str:
    """Return a database URL with its driver named.

    Heroku's ``postgres://`` is no SQLAlchemy dialect, and SQLAlchemy 2.1 reads a bare
    ``postgresql://`` as psycopg 3.

    :raises ValidationError: It is none, or of a kind that is not supported.
    """
    scheme, separator, rest = value.strip().partition("://")
    if not separator or scheme not in _SQLALCHEMY_DRIVERS:
        raise ValidationError("must begin with sqlite:/// or postgresql://")
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValidationError("must have a number for its port") from None
    if parts.netloc.count("@") > 1:
        # What follows the first would be taken for the host, and end in logs.
        raise ValidationError("must have each @ of its password written as %40")
    return f"{_SQLALCHEMY_DRIVERS[scheme]}://{rest}"


def _base_url(value: str) -> str:
    try:
        parts = urlsplit(value.strip())
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    visible = value.strip().isprintable() and " " not in value.strip()
    # A password in a URL would end in logs.
    if not (usable and visible) or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValidationError("must be an http or https URL such as https://example.org/api/v1")
    return parts.geturl().rstrip("/")


def _rate_limit(value: str) -> str:
    try:
        limits = parse_many(value.strip())
    except ValueError:
        limits = []
    if not limits or any(limit.amount < 1 for limit in limits):
        raise ValidationError("must be limits such as 600/minute or 10/second;600/minute")
    return value.strip()


def _rate_limit_storage(value: str) -> str:
    scheme = value.strip().partition("://")[0]
    try:
        usable = urlsplit(value.strip()).port != 0 and value.strip().isprintable()
    except ValueError:
        usable = False
    if not usable or (scheme not in ("redis", "rediss") and value.strip() != "memory://"):
        raise ValidationError("must be memory:// or a URL such as redis://localhost:6379/0")
    return value.strip()


def _secret_key(value: str) -> str:
    if len(value.strip()) < _SECRET_KEY_LENGTH:
        raise ValidationError(f"must have at least {_SECRET_KEY_LENGTH} characters")
    return value.strip()


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(origin.strip().casefold() for origin in value.split(","))
    if origins != ("*",) and not all(map(_is_origin, origins)):
        raise ValidationError("must be * or origins such as https://example.org, with commas")
    return origins


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    # What a browser sends has neither user nor path, and its host in ASCII.
    exact = text == f"{parts.scheme}://{parts.netloc}" and "@" not in text and "*" not in text
    return bool(named) and exact and text.isascii() and text.isprintable() and " " not in text


def _header_value(value: str) -> str:
    if not value.strip().isascii() or not value.strip().isprintable():
        raise ValidationError("must hold printable ASCII only")
    return value.strip()


def _one_of(*words: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value.strip().casefold() not in words:
            raise ValidationError(f"must be one of {', '.join(words)}")
        return value.strip().casefold()

    return read


def _seconds(highest: float = 604_800) -> fields.Float:
    message = f"must be a number of seconds, more than 0 and at most {highest}"
    positive = validate.Range(min=0, max=highest, min_inclusive=False, error=message)
    return fields.Float(validate=positive, error_messages={"invalid": message, "special": message})


def _per_second() -> fields.Float:
    lowest, highest = SLOWEST_PER_S, 1_000_000
    message = f"must be a number of requests per second from {lowest} to {highest}"
    in_range = validate.Range(lowest, highest, error=message)
    return fields.Float(validate=in_range, error_messages={"invalid": message, "special": message})


def _whole(lowest: int, highest: int) -> fields.Integer:
    message = f"must be a whole number from {lowest} to {highest}"
    in_range = validate.Range(lowest, highest, error=message)
    return fields.Integer(
        validate=in_range, error_messages={"invalid": message, "too_large": message}
    )


_VARIABLES: dict[str, fields.Field[Any]] = {
    "DATABASE_URL": fields.Function(deserialize=read_database_url),
    "DATABASE_POOL_SIZE": _whole(1, 100),
    "DATABASE_URL_READONLY": fields.Function(deserialize=read_database_url),
    "OFFERS_BASE_URL": fields.Function(deserialize=_base_url),
    "OFFERS_REFRESH_TOKEN": fields.Function(deserialize=_header_value),
    # Longer answers would outlast the lease that a poller has on a product.
    "OFFERS_TIMEOUT_S": _seconds(highest=15),
    "REGISTER_TIMEOUT_S": _seconds(),
    "POLL_INTERVAL_S": _seconds(),
    "POLL_CONCURRENCY": _whole(1, 256),
    "POLL_MAX_PER_S": _per_second(),
    "STALE_AFTER_S": _seconds(),
    "HISTORY_DETAIL_DAYS": _whole(1, 36_500),
    "API_AUTH": fields.Function(deserialize=_one_of("off", "write", "all")),
    "RATE_LIMIT": fields.Function(deserialize=_rate_limit),
    "RATE_LIMIT_STORAGE": fields.Function(deserialize=_rate_limit_storage),
    "CORS_ORIGINS": fields.Function(deserialize=_origins),
    "SECRET_KEY": fields.Function(deserialize=_secret_key),
    "TRUSTED_PROXIES": _whole(0, 10),
    "LOG_LEVEL": fields.Function(deserialize=_one_of("debug", "info", "warning", "error")),
    "LOG_FORMAT": fields.Function(deserialize=_one_of("json", "text")),
    "PORT": _whole(1, 65535),
    "WEB_CONCURRENCY": _whole(1, 1000),
    "WEB_CPU_AFFINITY": fields.Function(deserialize=_one_of("on", "off")),
    "METRICS_PORT": _whole(1, 65535),
}
_Environment = Schema.from_dict(_VARIABLES, name="Environment")
