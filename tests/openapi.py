"""Reading the OpenAPI document, and holding values against it."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.test import TestResponse


def resolve(document: dict[str, Any], node: dict[str, Any]) -> Any:
    """Return what a node refers to, or the node itself where it does not."""
    if "$ref" not in node:
        return node
    found: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def find_faults(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """Return what keeps a value from fitting a schema of the document, formats included."""
    rooted = schema | {"components": document["components"]}
    validator = Draft202012Validator(rooted, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def find_breaches(document: dict[str, Any], operation_id: str, response: TestResponse) -> list[str]:
    """Return in what a real answer differs from what is documented."""
    [operation] = [
        operation
        for item in document["paths"].values()
        for operation in item.values()
        if operation["operationId"] == operation_id
    ]
    if str(response.status_code) not in operation["responses"]:
        return [f"status {response.status_code}"]
    told = resolve(document, operation["responses"][str(response.status_code)])
    headers = {name: resolve(document, header) for name, header in told["headers"].items()}
    missing = [name for name, header in headers.items() if header.get("required")]
    breaches = [f"no {name}" for name in missing if name not in response.headers]
    content = told.get("content", {})
    if not content:
        return [*breaches, "a body"] if response.data else breaches
    if response.mimetype not in content:
        return [*breaches, f"media type {response.mimetype}"]
    value = response.get_json() if response.is_json else response.text
    return breaches + find_faults(document, content[response.mimetype]["schema"], value)
