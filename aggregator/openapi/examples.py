"""Real requests and answers of one little world, beside the operations that they belong to."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from aggregator.http.problem_types import ProblemType

Json = dict[str, Any]

#: ``parameters`` by name; ``requests`` and ``answers`` by operation and media type; ``problems``
#: by slug.
_WORLD: Json = json.loads(files(__package__).joinpath("examples.json").read_text("utf-8"))


def problem_example(type_: ProblemType) -> Json:
    """Return a problem document of a kind, as an operation answers it."""
    told = _WORLD["problems"][type_.slug]
    usual: Json = {"type": type_.path, "title": type_.title, "status": int(type_.status)}
    placed = {"detail": told["detail"], "instance": told["instance"]}
    return {**usual, **placed, "request_id": _WORLD["request_id"], **told}


def add(operation: Json) -> None:
    """Add examples to an operation and its parameters."""
    for parameter in operation["parameters"]:
        name = parameter.get("name")
        if name in _WORLD["parameters"]:
            # An example of the parameter itself would be sent by Swagger UI unless it is removed.
            parameter["schema"].setdefault("examples", [_WORLD["parameters"][name]])
    name = operation["operationId"]
    body = operation.get("requestBody", {})
    _fill(body.get("content", {}), _WORLD["requests"].get(name, {}))
    for status, response in operation["responses"].items():
        if status < "300":
            _fill(response.get("content", {}), _WORLD["answers"].get(name, {}))


def _fill(content: Json, examples: Json) -> None:
    """Show each media type's example."""
    for media_type, described in content.items():
        if media_type in examples:
            described["example"] = examples[media_type]
