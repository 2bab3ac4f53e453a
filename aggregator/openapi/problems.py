"""Which problems an operation may answer with, and what they look like."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from importlib.resources import files
from itertools import groupby

from aggregator.errors import (
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
    ImportFailed,
    InsufficientScope,
    InvalidInput,
    OfferNotFound,
    ProductChanged,
    ProductNotFound,
    Unauthorized,
)
from aggregator.http.problem_types import BY_ERROR, BY_STATUS, PROBLEM_TYPES, ProblemType
from aggregator.openapi.examples import Json, problem_example

#: Where views say which problems are theirs alone: a list of slugs.
RAISES = "x-raises"
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: ["WWW-Authenticate"],
    HTTPStatus.FORBIDDEN: ["WWW-Authenticate"],
    HTTPStatus.METHOD_NOT_ALLOWED: ["Allow"],
    HTTPStatus.TOO_MANY_REQUESTS: ["Retry-After", "RateLimit", "RateLimit-Policy"],
    HTTPStatus.SERVICE_UNAVAILABLE: ["Retry-After"],
}
_RETRIED = BY_ERROR[IdempotencyKeyInUse]
#: Kinds of problems that have members of their own, by the schema that tells of them.
_SCHEMAS = {BY_ERROR[ImportFailed]: "ImportFailed"}
#: What the codes of faults mean.
CODES: dict[str, str] = json.loads(files(__package__).joinpath("codes.json").read_text("utf-8"))


def refer(kind: str, names: Iterable[str]) -> Json:
    """Return references to components of a kind, by their names."""
    return {name: {"$ref": f"#/components/{kind}/{name}"} for name in names}


def complete_schemas(schemas: Json) -> None:
    """Add what other places know: the codes of faults, and the report of an import that failed."""
    code = schemas["Fault"]["properties"]["code"]
    told = (f"- `{name}`: {meaning}" for name, meaning in CODES.items())
    code["description"] += "\n\n" + "\n".join(told)
    report = schemas["ImportReport"]
    schemas["ImportFailed"] |= {key: report[key] for key in ("required", "properties")}


def responses() -> Json:
    """Return the shared responses: one for each kind of problem, and the empty 304."""
    headers = refer("headers", ("X-Request-ID", "ETag"))
    unchanged = {"description": "What you have still holds; there is no body.", "headers": headers}
    return {"not-modified": unchanged} | {
        slug: _response([type_]) for slug, type_ in PROBLEM_TYPES.items()
    }


def reads_header(operation: Json, name: str) -> bool:
    """Tell whether an operation reads a request header."""
    return any(parameter["name"] == name for parameter in operation["parameters"])


def add(operation: Json, method: str, path: str, shared: Json) -> None:
    """Add the problems of an operation to its responses.

    :param shared: takes the responses that are made of several kinds of problems.
    """
    raised = [PROBLEM_TYPES[slug] for slug in operation.pop(RAISES, [])]
    found = [*raised, *_by_errors(operation, path), *_by_status(operation, method, path)]
    # Of one status, the commonest comes first: readers see its example.
    ordered = sorted(dict.fromkeys(found), key=lambda type_: type_.status)
    for status, group in groupby(ordered, key=lambda type_: type_.status):
        types = list(group)
        name = ".".join(type_.slug for type_ in types)
        shared.setdefault(name, _response(types))
        operation["responses"][str(int(status))] = {"$ref": f"#/components/responses/{name}"}


def _by_errors(operation: Json, path: str) -> list[ProblemType]:
    has_key = reads_header(operation, "Idempotency-Key")
    rules = {
        Unauthorized: True,
        ProductNotFound: "{product_id}" in path,
        OfferNotFound: "{offer_id}" in path,
        ProductChanged: reads_header(operation, "If-Match"),
        InvalidInput: True,
        IdempotencyKeyInUse: has_key,
        IdempotencyKeyReused: has_key,
    }
    return [BY_ERROR[error] for error, holds in rules.items() if holds]


def _by_status(operation: Json, method: str, path: str) -> list[ProblemType]:
    rules = {
        HTTPStatus.BAD_REQUEST: True,
        HTTPStatus.NOT_FOUND: "{" in path,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "requestBody" in operation,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "requestBody" in operation,
        HTTPStatus.TOO_MANY_REQUESTS: True,
        HTTPStatus.INTERNAL_SERVER_ERROR: True,
        HTTPStatus.SERVICE_UNAVAILABLE: True,
    }
    found = [BY_STATUS[status] for status, holds in rules.items() if holds]
    return found if method == "get" else [*found, BY_ERROR[InsufficientScope]]


def _response(types: list[ProblemType]) -> Json:
    """Return the response of kinds of problems that have one status."""
    headers = ["X-Request-ID", *_HEADERS.get(types[0].status, [])]
    if _RETRIED in types:
        headers.append("Retry-After")
    shown = {
        type_.slug: {"summary": type_.title, "value": problem_example(type_)} for type_ in types
    }
    return {
        "description": "\n\n".join(_tell(type_) for type_ in types),
        "headers": refer("headers", headers),
        "content": {"application/problem+json": {"schema": _schema(types), "examples": shown}},
    }


def _schema(types: list[ProblemType]) -> Json:
    names = dict.fromkeys(_SCHEMAS.get(type_, "Problem") for type_ in types)
    schemas: list[Json] = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return {"anyOf": schemas} if len(schemas) > 1 else schemas[0]


def _tell(type_: ProblemType) -> str:
    return f"[{type_.slug}]({type_.path}): {type_.meaning}"
