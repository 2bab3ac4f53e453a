"""docs/logs.md lists every event that the code logs, with its level and its fields."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
#: One row of the table: name, level, fields, what it means.
_ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", re.MULTILINE)

#: Name, level and fields.
Event = tuple[str, str, frozenset[str]]


def logged(source: str) -> Iterator[Event]:
    """Yield the events that a module logs."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and ast.unparse(node.func.value) == "log"
            and node.func.attr in LEVELS
        ):
            [name] = node.args
            fields = {str(keyword.arg) for keyword in node.keywords}
            crashed = node.func.attr == "exception" or "exc_info" in fields
            level = "error" if node.func.attr == "exception" else node.func.attr
            fields = (fields - {"exc_info"}) | ({"exception"} if crashed else set())
            yield ast.literal_eval(name), level, frozenset(fields)


def documented(text: str) -> set[Event]:
    """Return the events in the table."""
    return {
        (name, level, frozenset(re.findall(r"`(\w+)`", fields)))
        for name, level, fields in _ROW.findall(text)
    }


def test_every_event_is_documented_and_every_documented_one_is_logged() -> None:
    modules = [*ROOT.glob("aggregator/**/*.py"), *ROOT.glob("poller/**/*.py")]
    found = {event for path in modules for event in logged(path.read_text("utf-8"))}
    assert found == documented((ROOT / "docs/logs.md").read_text("utf-8"))


def test_event_is_found_with_what_it_says() -> None:
    source = 'log.info("a_b", n=1)\nlog.exception("c")\nlog.critical("d", exc_info=error)'
    assert list(logged(source)) == [
        ("a_b", "info", frozenset({"n"})),
        ("c", "error", frozenset({"exception"})),
        ("d", "critical", frozenset({"exception"})),
    ]
