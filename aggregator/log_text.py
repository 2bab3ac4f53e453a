"""Log lines for people: the time of day, what happened, and what there is to tell of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import Console
from structlog.dev import (
    Column,
    ConsoleRenderer,
    KeyValueColumnFormatter,
    LogLevelColumnFormatter,
    plain_traceback,
)
from structlog.typing import EventDict

_REQUEST = ("method", "path", "status", "ms")


def processors() -> list[Any]:
    """Return what makes a line out of an event; with colours where a terminal shows them.

    ``FORCE_COLOR`` and ``NO_COLOR`` in the environment have the last word on these.
    """
    terminal = Console(stderr=True)
    colors = terminal.is_terminal and not terminal.no_color
    # The richer formatters of exceptions print local variables, and with them tokens.
    renderer = ConsoleRenderer(
        columns=_columns(colors), sort_keys=False, exception_formatter=plain_traceback
    )
    return [_visible, _brief, renderer]


def _columns(colors: bool) -> list[Column]:
    """Return time, level, event, and how every other field is written."""
    styles = ConsoleRenderer.get_default_column_styles(colors)
    level = LogLevelColumnFormatter(
        ConsoleRenderer.get_default_level_styles(colors), styles.reset, width=0
    )

    def words(style: str) -> KeyValueColumnFormatter:
        return KeyValueColumnFormatter(None, style, styles.reset, str)

    def field(key: str, value: object) -> str:
        return dim(key, value) if key == "request_id" else pair(key, value)

    dim = words(styles.timestamp)
    pair = KeyValueColumnFormatter(styles.kv_key, "", styles.reset, str)
    return [
        Column("timestamp", dim),
        Column("level", level),
        Column("event", words(styles.bright)),
        Column("", field),
    ]


def _visible(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Write control characters so that a terminal shows them instead of obeying."""
    return {
        name: repr(value) if isinstance(value, str) and not value.isprintable() else value
        for name, value in event.items()
    }


def _brief(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Leave out what is usual or nothing; end with the beginning of the request's id."""
    at = datetime.fromisoformat(event.pop("timestamp")).astimezone()
    request_id = event.pop("request_id", None)
    event.pop("logger")
    if event["level"] == "info":
        del event["level"]
    if event.keys() >= set(_REQUEST):
        event["event"] = "{} {} {} {:.0f} ms".format(*(event.pop(name) for name in _REQUEST))
    event["timestamp"] = f"{at:%H:%M:%S}"
    event["request_id"] = request_id and request_id[:8]
    return {name: value for name, value in event.items() if value not in (None, 0)}
