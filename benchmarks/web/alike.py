"""Whether the baselines answer what this product answers: they are measured only if they do."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.client import Client
from benchmarks.web.servers import WebServer


def keep_answers(ours: WebServer, paths: Mapping[str, str], folder: Path) -> None:
    """Write the bodies of ours to files of these names, for *floor* to return."""
    client = Client(ours.port)
    for name, path in paths.items():
        (folder / name).write_bytes(client.ask(path).body)
    client.close()


def require_alike(ours: WebServer, name: str, other: WebServer, paths: Sequence[str]) -> None:
    """End the program where a baseline answers anything else than ours.

    Cursors are opaque, and may differ; an instant may be spelt as the framework does.
    """
    expected = _ask(ours, paths)
    for path, answer in _ask(other, paths).items():
        if answer != expected[path]:
            sys.exit(f"{name} answers {path} with\n{answer}\nand not with\n{expected[path]}")


def require_not_modified(ours: WebServer, tags: Mapping[str, str]) -> None:
    """End the program where ours does not answer 304 to who has what is told."""
    client = Client(ours.port)
    for path, tag in tags.items():
        answer = client.ask(path, **{"If-None-Match": tag})
        if answer.status != 304:
            sys.exit(f"{path} was answered {answer.status}, and not 304, to who has {tag}")
    client.close()


def find_tags(ours: WebServer, paths: Iterable[str]) -> dict[str, str]:
    """Return the entity tag of each path."""
    client = Client(ours.port)
    tags = {path: client.ask(path).headers["etag"] for path in paths}
    client.close()
    return tags


def _ask(server: WebServer, paths: Iterable[str]) -> dict[str, Any]:
    client = Client(server.port)
    answers = {path: client.ask(path) for path in paths}
    client.close()
    return {
        path: (answer.status, answer.headers["content-type"], _normal(answer.json()))
        for path, answer in answers.items()
    }


def _normal(value: Any, name: str = "") -> Any:
    """Return JSON without what ways of writing the same tell apart."""
    match value:
        case dict():
            return {key: _normal(member, key) for key, member in value.items()}
        case list():
            return [_normal(element) for element in value]
        case str() if name == "next":
            return "a page"
        case str() if name.endswith("_at"):
            return datetime.fromisoformat(value)
    return value
