"""Structured logs: a static event name, the data in fields, one line an event."""

from __future__ import annotations

import json
import logging
import logging.config
import sys
import threading
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Any
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor

from aggregator import log_text

log = structlog.get_logger(__name__)

_LEVELS = ("debug", "info", "warning", "error", "critical")


def configure(level: str, format_: str) -> None:
    """Send every logger of the process, the libraries' included, to standard error.

    :param level: ``debug``, ``info``, ``warning`` or ``error``.
    :param format_: ``json`` for one object a line, ``text`` for people.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            _only_from(level),
            *_shared_processors(),
            *_renderers(format_),
        ],
        logger_factory=_StandardError,
    )
    logging.config.dictConfig(logging_config(level, format_))


def log_crashes() -> None:
    """Write what nobody caught, and what Python warns of, like everything else that is logged.

    For processes of ours, once logging is configured.
    """
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_crash
    threading.excepthook = lambda crash: log.critical(
        "thread_crashed",
        thread=crash.thread.name if crash.thread else None,
        exc_info=crash.exc_value,
    )


def request_id() -> str | None:
    """Return the id of the request, or of the batch, that this thread works for."""
    found: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return found


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
                "foreign_pre_chain": [structlog.stdlib.add_log_level, *_shared_processors()],
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


def _log_crash(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    else:
        log.critical("process_crashed", exc_info=error)


def _only_from(least: str) -> Processor:
    written = _LEVELS[_LEVELS.index(least) :]

    def drop_others(_logger: Any, _method: str, event: EventDict) -> EventDict:
        if event["level"] not in written:
            raise structlog.DropEvent
        return event

    return drop_others


def _shared_processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _in_order,
    ]


def _renderers(format_: str) -> list[Any]:
    if format_ == "json":
        return [structlog.processors.format_exc_info, _as_json]
    return log_text.processors()


class _StandardError:
    """Where a logger of ours writes its lines: past ``logging``, which takes four times as long."""

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, line: str) -> None:
        """Write a line. What cannot be logged, on a full disk for one, goes on all the same."""
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")

    debug = info = warning = error = critical = write


def _in_order(_logger: Any, _method: str, event: EventDict) -> EventDict:
    first = ("timestamp", "level", "event")
    return {name: event.pop(name) for name in first if name in event} | {**event}


def _in_words(value: object) -> str:
    """Write ids and instants as the API does, not as Python's ``repr``."""
    return str(value) if isinstance(value, UUID | datetime) else repr(value)


_encode = json.JSONEncoder(ensure_ascii=False, default=_in_words).encode


def _as_json(_logger: Any, _method: str, event: EventDict) -> str:
    return _encode(event)
