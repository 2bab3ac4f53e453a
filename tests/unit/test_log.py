"""Every logger of the process writes to standard error: one line an event, no secrets."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import structlog

from aggregator import log
from aggregator.log import logging_config

PRODUCT = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

ReadLog = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _logging_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)


@pytest.fixture
def read_log(capsys: pytest.CaptureFixture[str]) -> ReadLog:
    """Return a function that reads the JSON lines written since it was last called."""

    def read() -> list[dict[str, Any]]:
        captured = capsys.readouterr()
        assert captured.out == ""
        return [json.loads(line) for line in captured.err.splitlines()]

    return read


def _crash() -> None:
    # Put together here, because a traceback shows the lines of the source.
    token = "-".join(["local", "value"])
    raise ValueError(f"bad {len(token)}")


def _log_crash(logger: Any) -> None:
    try:
        _crash()
    except ValueError:
        logger.exception("crashed")


def test_event_is_one_json_object_with_its_fields(read_log: ReadLog) -> None:
    log.configure("info", "json")
    structlog.get_logger("some.module").info("products_polled", polled=3, share=0.5, last=None)
    [line] = read_log()
    written = datetime.fromisoformat(line.pop("timestamp"))
    assert abs((datetime.now(UTC) - written).total_seconds()) < 5
    assert line == {
        "event": "products_polled",
        "level": "info",
        "logger": "some.module",
        "polled": 3,
        "share": 0.5,
        "last": None,
    }


def test_line_begins_with_when_how_bad_and_what(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "json")
    structlog.get_logger("x").info("event_name", a=1)
    assert list(json.loads(capsys.readouterr().err))[:3] == ["timestamp", "level", "event"]


def test_ids_and_instants_are_written_as_the_api_writes_them(read_log: ReadLog) -> None:
    log.configure("info", "json")
    structlog.get_logger("x").info("event", product_id=PRODUCT, at=NOON)
    [line] = read_log()
    assert line["product_id"] == str(PRODUCT)
    assert datetime.fromisoformat(line["at"]) == NOON


@pytest.mark.parametrize(
    "value",
    ["two\nlines", "\r\u2028\u0085", '"quoted" \\', "Žluťoučký 🐎", "\x1b[31mred", "\x00"],
    ids=ascii,
)
def test_any_text_stays_on_one_line(capsys: pytest.CaptureFixture[str], value: str) -> None:
    log.configure("info", "json")
    structlog.get_logger("x").info("event", value=value)
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert json.loads(written)["value"] == value


def test_value_that_json_does_not_know_is_still_logged(read_log: ReadLog) -> None:
    log.configure("info", "json")
    structlog.get_logger("x").info("event", value={1, 2}, kind=ValueError)
    [line] = read_log()
    assert "1" in line["value"]
    assert "ValueError" in line["kind"]


def test_libraries_are_logged_alike(read_log: ReadLog) -> None:
    log.configure("info", "json")
    logging.getLogger("some.library").warning("took %d s", 7)
    [line] = read_log()
    assert (line["event"], line["level"], line["logger"]) == ("took 7 s", "warning", "some.library")


def test_bound_context_is_in_every_line(read_log: ReadLog) -> None:
    log.configure("info", "json")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger("x").info("ours")
        logging.getLogger("x").info("theirs")
    assert [line["request_id"] for line in read_log()] == ["r1", "r1"]


@pytest.mark.parametrize("get_logger", [structlog.get_logger, logging.getLogger])
def test_exception_is_one_json_line_without_local_variables(
    capsys: pytest.CaptureFixture[str], get_logger: Callable[[str], Any]
) -> None:
    log.configure("info", "json")
    _log_crash(get_logger("x"))
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    exception = json.loads(written)["exception"]
    assert exception.startswith("Traceback")
    assert exception.endswith("ValueError: bad 11")
    assert "local-value" not in written


@pytest.mark.parametrize("get_logger", [structlog.get_logger, logging.getLogger])
def test_exception_for_people_holds_no_local_variables(
    capsys: pytest.CaptureFixture[str], get_logger: Callable[[str], Any]
) -> None:
    log.configure("info", "text")
    _log_crash(get_logger("x"))
    written = capsys.readouterr().err
    assert "Traceback (most recent call last)" in written
    assert "ValueError: bad 11" in written
    assert "local-value" not in written


def test_text_is_a_line_for_people_without_colours(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    structlog.get_logger("some.module").info("products_polled", polled=3, product_id=PRODUCT)
    log_line = structlog.get_logger("some.module").warning
    with structlog.contextvars.bound_contextvars(request_id="2733a79c5aea4275acdbcfaff493f73d"):
        log_line("offers_invalid", product_id=PRODUCT, n_invalid=2, first="too\ndear", lost=0)
    polled, invalid = capsys.readouterr().err.splitlines()
    assert re.fullmatch(rf"\d\d:\d\d:\d\d products_polled polled=3 product_id={PRODUCT}", polled)
    rest = rf"product_id={PRODUCT} n_invalid=2 first='too\\ndear' 2733a79c"
    assert re.fullmatch(rf"\d\d:\d\d:\d\d \[warning\] offers_invalid {rest}", invalid)


def test_text_of_a_request_reads_like_one(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    request = {"method": "POST", "path": "/api/v1/products", "status": 201, "ms": 40.6}
    structlog.get_logger("x").info("request", **request)
    assert capsys.readouterr().err.endswith(" POST /api/v1/products 201 41 ms\n")


@pytest.mark.parametrize(("asked", "coloured"), [("FORCE_COLOR", True), ("NO_COLOR", False)])
def test_text_has_colours_where_they_are_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, asked: str, coloured: bool
) -> None:
    monkeypatch.setenv(asked, "1")
    log.configure("info", "text")
    structlog.get_logger("x").info("event", polled=3)
    assert ("\x1b" in capsys.readouterr().err) is coloured


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_level_is_the_least_that_is_written(
    read_log: ReadLog, level: str, expected: list[str]
) -> None:
    log.configure(level, "json")
    for logger in (structlog.get_logger("ours"), logging.getLogger("theirs")):
        for name in ("debug", "info", "warning", "error"):
            getattr(logger, name)("event")
    assert [line["level"] for line in read_log()] == expected * 2


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "schedule", "alembic.runtime"])
def test_library_that_would_tell_too_much_is_quiet(read_log: ReadLog, name: str) -> None:
    log.configure("debug", "json")
    logging.getLogger(name).info("GET /api/v1/products")
    logging.getLogger(name).warning("pool is full")
    assert [line["event"] for line in read_log()] == ["pool is full"]


def test_configuring_twice_writes_once(read_log: ReadLog) -> None:
    log.configure("info", "text")
    log.configure("info", "json")
    structlog.get_logger("x").info("event")
    assert len(read_log()) == 1


@pytest.fixture
def _hooks_as_before() -> Iterator[None]:
    hooks = sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook = hooks


@pytest.mark.usefixtures("_hooks_as_before")
def test_what_nobody_caught_is_logged_like_the_rest(read_log: ReadLog) -> None:
    log.configure("info", "json")
    log.log_crashes()
    thread = threading.Thread(target=_crash, name="jobs")
    thread.start()
    thread.join()
    error = ValueError("bad")
    sys.excepthook(ValueError, error, None)
    crashed, ended = read_log()
    assert (crashed["event"], crashed["thread"]) == ("thread_crashed", "jobs")
    assert crashed["exception"].endswith("ValueError: bad 11")
    assert (ended["event"], ended["level"]) == ("process_crashed", "critical")
    assert ended["exception"] == "ValueError: bad"


@pytest.mark.usefixtures("_hooks_as_before")
def test_warnings_of_libraries_are_logged_like_the_rest(read_log: ReadLog) -> None:
    log.configure("info", "json")
    log.log_crashes()
    warnings.showwarning("old\nthing", DeprecationWarning, "library.py", 7)
    [line] = read_log()
    assert (line["logger"], line["level"]) == ("py.warnings", "warning")
    assert "old\nthing" in line["event"]


def test_line_that_cannot_be_written_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    log.configure("info", "json")
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    structlog.get_logger("x").error("event")


def test_loggers_made_before_go_on() -> None:
    logger = logging.getLogger("made.before")
    logging.config.dictConfig(logging_config("info", "json"))
    assert not logger.disabled
