"""Examples out of an OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

#: An object of the document.
Node = Mapping[str, Any]


def follow(document: Node, node: Node) -> Node:
    """Return what a node is, or refers to."""
    while "$ref" in node:
        target: Any = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        node = target
    return node


def sample_body(document: Node, media: Node) -> str:
    """Return the example of a body of one media type, as it is sent.

    :raises KeyError: It has none.
    """
    return write_body(_example(document, media))


def write_body(body: Any) -> str:
    """Return a body as it is sent: text as it is, all else as JSON."""
    return body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)


def sample_parameter(document: Node, parameter: Node) -> str:
    """Return the example of a parameter, as it stands in a URL or a header.

    Where there is none, it is the default, or one of the values that are possible.
    """
    schema = follow(document, parameter["schema"])
    if "example" in parameter or "examples" in parameter:
        value = _example(document, parameter)
    elif "examples" in schema:
        value = schema["examples"][0]
    else:
        possible = schema.get("enum", [True] if schema["type"] == "boolean" else [""])
        value = schema.get("default", possible[0])
    if isinstance(value, list):
        return ",".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def _example(document: Node, node: Node) -> Any:
    if "example" in node:
        return node["example"]
    return follow(document, next(iter(node["examples"].values())))["value"]
