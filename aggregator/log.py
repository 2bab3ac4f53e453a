"""Structured logs: a static event name, the data in fields, one line an event."""

from __future__ import annotations

import logging.config
import sys
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog


def configure(level: str, format_: str) -> None:
    """Send every logger of the process, the libraries' included, to standard error.

    :param level: ``debug``, ``info``, ``warning`` or ``error``.
    :param format_: ``json`` for one object a line, ``text`` for people.
    """
    structlog.configure(
        processors=[
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    logging.config.dictConfig(logging_config(level, format_))


def logging_config(level: str, format_: str) -> dict[str, Any]:
    """Return the same as a ``dictConfig`` for programs that configure logging themselves."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *_renderers(format_),
                ],
                "foreign_pre_chain": _shared_processors(),
            }
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "structured"},
        },
        "root": {"level": level.upper(), "handlers": ["stderr"]},
        "loggers": {
            "schedule": {"level": "WARNING"},
            "alembic": {"level": "WARNING"},
            # The line of each request says it all: who, and 429.
            "flask-limiter": {"level": "WARNING"},
            # It would print every URL that we call.
            "urllib3": {"level": "WARNING"},
        },
    }


def _shared_processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _in_words,
    ]


def _renderers(format_: str) -> list[Any]:
    if format_ == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    # The richer formatters print local variables, and with them tokens.
    plain = structlog.dev.plain_traceback
    colors = sys.stderr.isatty()
    return [
        _visible,
        structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=24, exception_formatter=plain),
    ]


def _visible(_logger: Any, _method: str, event: structlog.typing.EventDict) -> Any:
    """Write control characters so that a terminal shows them instead of obeying."""
    return {
        name: repr(value)
        if isinstance(value, str) and name != "event" and not value.isprintable()
        else value
        for name, value in event.items()
    }


def _in_words(_logger: Any, _method: str, event: structlog.typing.EventDict) -> Any:
    """Write ids and instants as the API does, not as Python's ``repr``."""
    first = ("timestamp", "level", "event")
    return {name: event.pop(name) for name in first if name in event} | {
        name: str(value) if isinstance(value, UUID | datetime) else value
        for name, value in event.items()
    }
