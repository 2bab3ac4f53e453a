"""What operators get wrong in settings that are good one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from urllib.parse import urlsplit

from aggregator.services.health.check import Check, Verdict
from aggregator.settings import Settings

#: How alike a variable's name and a setting's must be to be taken for a misspelling.
_ALIKE = 0.84

#: What is doubtful, and what to do about it.
Doubts = Iterator[tuple[str, str]]


def check_settings(settings: Settings, environ: Mapping[str, str]) -> list[Check]:
    """Return a warning for each doubt, or that there is none."""
    doubts = [
        *_misspelled(environ),
        *_about_offers(settings),
        *_about_access(settings),
        *_about_heroku(settings, environ),
    ]
    if doubts:
        return [Check("settings", Verdict.WARNING, told, remedy) for told, remedy in doubts]
    return [Check("settings", Verdict.OK, "They can be read, and go together.")]


def show_settings(settings: Settings) -> dict[str, str | None]:
    """Return all settings as text, by the names of their variables; of secrets only a hint.

    None: it is not set.
    """
    return {
        field.name.upper(): _show(getattr(settings, field.name), secret=not field.repr)
        for field in fields(settings)
    }


def _show(value: object, *, secret: bool) -> str | None:
    if value is None or value == ():
        return None
    if secret:
        return _mask(str(value))
    if isinstance(value, float):
        return f"{value:g}"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _mask(value: str) -> str:
    """Hide a secret; of a URL, what may hold one: the user, the password and the query."""
    scheme, separator, rest = value.partition("://")
    if not separator:
        return "***"
    before, at, place = rest.rpartition("@")
    if "?" in before:
        # Either the password has a question mark, or the query an @.
        return f"{scheme}://***"
    place, query, _ = place.partition("?")
    return f"{scheme}://{'***@' if at else ''}{place}{'?***' if query else ''}"


def _misspelled(environ: Mapping[str, str]) -> Doubts:
    known = {field.name.upper() for field in fields(Settings)}
    missing = [name for name in known if not environ.get(name, "").strip()]
    for name in sorted(environ.keys() - known):
        for meant in get_close_matches(name.upper(), missing, n=1, cutoff=_ALIKE):
            yield f"{name} is no setting.", f"Was {meant} meant? Rename the variable."


def _about_offers(settings: Settings) -> Doubts:
    url = settings.offers_base_url
    if url and not url.endswith("/api/v1"):
        yield "OFFERS_BASE_URL does not end with /api/v1.", f"export OFFERS_BASE_URL={url}/api/v1"
    if url and settings.offers_refresh_token and _is_open(url):
        told = "The refresh token is sent without encryption: OFFERS_BASE_URL is no https."
        yield told, "Use https, if the service speaks it."
    interval, stale = settings.poll_interval_s, settings.stale_after_s
    if stale < 2 * interval:
        told = f"STALE_AFTER_S ({stale:g}) is below twice POLL_INTERVAL_S ({interval:g}): "
        yield f"{told}data goes stale between polls.", f"export STALE_AFTER_S={5 * interval:g}"


def _is_open(url: str) -> bool:
    """Tell whether a URL leads over a network without encryption."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    at_home = host.startswith("127.") or "." not in host
    return parts.scheme == "http" and not at_home


def _about_access(settings: Settings) -> Doubts:
    in_memory = settings.rate_limit_storage == "memory://"
    n = settings.web_concurrency
    if settings.rate_limit and in_memory and n > 1:
        told = f"Each of the {n} web processes counts for itself: clients can send {n} times as "
        yield f"{told}much as RATE_LIMIT says.", "export RATE_LIMIT_STORAGE=redis://…"
    if not settings.rate_limit and not in_memory:
        yield "RATE_LIMIT_STORAGE does nothing without RATE_LIMIT.", "export RATE_LIMIT=600/minute"
    if settings.cors_origins == ("*",) and settings.api_auth == "off":
        told = "CORS_ORIGINS is * and API_AUTH off: any web page that somebody in your network "
        yield f"{told}opens can change the catalogue.", "export API_AUTH=write"


def _about_heroku(settings: Settings, environ: Mapping[str, str]) -> Doubts:
    if "DYNO" not in environ:
        return
    if settings.database_url.startswith("sqlite"):
        told = "A dyno's files are lost whenever it restarts, and this SQLite database with them."
        yield told, "heroku addons:create heroku-postgresql"
    if settings.rate_limit and not settings.trusted_proxies:
        told = "All clients share the router's address, and with it one RATE_LIMIT."
        yield told, "heroku config:set TRUSTED_PROXIES=1"
