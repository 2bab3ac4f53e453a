"""What follows, for one operation, from its method, its path, its parameters and its body."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from flask_smorest.spec.plugins import FlaskPlugin

from aggregator.bulk import CSV, MEDIA_TYPES, NDJSON
from aggregator.openapi import problems
from aggregator.openapi.examples import Json

_PATH_PARAMETERS = {"product_id": "The product's id.", "offer_id": "The offer's id."}
_STREAMS = {
    MEDIA_TYPES[CSV]: "All of it at once, as CSV with a header (RFC 4180).",
    MEDIA_TYPES[NDJSON]: "All of it at once, one JSON object a line.",
}
_FILE = (
    "The content of a file. To try it out, paste it here; a large file is better sent with "
    "`curl …/api/v1/products/import -H 'Content-Type: text/csv' --data-binary @products.csv`."
)


class OperationIds(FlaskPlugin):
    """Names operations after the functions that carry them out."""

    def path_helper(self, *, rule: Any, operations: Json, **kwargs: Any) -> str:
        """Name the operations of a path and return the path."""
        for operation in operations.values():
            operation["operationId"] = rule.endpoint.rpartition(".")[2]
        path: str = super().path_helper(rule=rule, operations=operations, **kwargs)
        for parameter in kwargs["parameters"]:
            parameter["description"] = _PATH_PARAMETERS[parameter["name"]]
        return path


def share_out_parameters(document: Json) -> None:
    """Put the parameters of paths before those of each of their operations."""
    for item in document["paths"].values():
        shared = item.pop("parameters", [])
        for operation in item.values():
            operation["parameters"] = deepcopy(shared) + operation.get("parameters", [])


def walk(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield path, method and content of each operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def complete(operation: Json, method: str, path: str, components: Json) -> None:
    """Add parameters, media types, headers and problems.

    :param components: takes the responses that operations share.
    """
    for parameter in operation["parameters"]:
        _tidy(parameter)
    if method == "patch":
        _add_merge_patch(operation)
    if MEDIA_TYPES[CSV] in operation.get("requestBody", {}).get("content", {}):
        operation["requestBody"]["description"] = _FILE
    _add_streams(operation)
    _add_headers(operation, method, components["schemas"])
    problems.add(operation, method, path, components["responses"])
    shared = ["X-Request-ID"]
    if method == "get" and "ETag" in operation["responses"]["200"]["headers"]:
        shared.append("If-None-Match")
        operation["responses"]["304"] = {"$ref": "#/components/responses/not-modified"}
    operation["parameters"] += [{"$ref": f"#/components/parameters/{name}"} for name in shared]
    operation["responses"] = dict(sorted(operation["responses"].items()))
    # Docstrings quote as reStructuredText does, and end their first line as a sentence.
    operation["summary"] = operation["summary"].removesuffix(".").replace("``", "`")
    operation["description"] = operation.get("description", "").replace("``", "`")


def _add_merge_patch(operation: Json) -> None:
    """Say that the body may be called what it is."""
    body = operation["requestBody"]
    patch = {"application/merge-patch+json": deepcopy(body["content"]["application/json"])}
    body["content"] = patch | body["content"]


def _add_streams(operation: Json) -> None:
    """Add the media types that the parameter ``format`` chooses from."""
    by_name = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}
    if "format" not in by_name:
        return
    # Swagger UI sends defaults, and a stream takes no parameter of a page.
    by_name.get("limit", {}).pop("default", None)
    success = operation["responses"].setdefault("200", {"description": "OK"})
    given = success.get("content", {})
    media_types = [MEDIA_TYPES[format_] for format_ in by_name["format"]["enum"]]
    success["content"] = {
        media_type: given.get(media_type) or _stream(media_type) for media_type in media_types
    }


def _stream(media_type: str) -> Json:
    return {"schema": {"type": "string", "description": _STREAMS[media_type]}}


def _add_headers(operation: Json, method: str, schemas: Json) -> None:
    """Add the headers of what succeeds."""
    for status, response in operation["responses"].items():
        if status >= "300":
            continue
        content = response.get("content", {})
        members = _members(content, schemas)
        rules = {
            "X-Request-ID": True,
            "RateLimit": True,
            "RateLimit-Policy": True,
            "ETag": "application/json" in content and (method == "get" or "version" in members),
            "Link": "items" in members,
            "Location": status == "201",
            "Idempotency-Replayed": problems.reads_header(operation, "Idempotency-Key"),
            "Content-Disposition": not _STREAMS.keys().isdisjoint(content),
        }
        response["headers"] = problems.refer("headers", [name for name in rules if rules[name]])


def _members(content: Json, schemas: Json) -> Json:
    """Return the members of a JSON answer."""
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    found: Json = schemas.get(reference.rpartition("/")[2], {}).get("properties", {})
    return found


def _tidy(parameter: Json) -> None:
    """Forget null: a parameter that is not given is left out."""
    schema = parameter["schema"]
    type_ = schema.get("type", "string")
    schema["type"] = type_ if isinstance(type_, str) else type_[0]
    if "enum" in schema:
        schema["enum"] = [word for word in schema["enum"] if word is not None]
