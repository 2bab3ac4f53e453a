"""The OpenAPI document: valid, complete, and exemplified."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

from aggregator import create_app
from aggregator.errors import Fault, ImportFailed
from aggregator.http.problem_types import BY_ERROR, PROBLEM_TYPES, ProblemType
from aggregator.openapi.examples import problem_example
from aggregator.openapi.operations import walk
from aggregator.openapi.problems import CODES
from aggregator.settings import Settings
from tests.openapi import find_faults, resolve

DOCUMENT: dict[str, Any] = create_app(
    Settings(database_url="sqlite:////nowhere/aggregator.db", log_level="error")
).extensions["openapi"]()
ROOT = Path(__file__).parents[2]
OPERATIONS = [
    pytest.param(path, method, operation, id=operation["operationId"])
    for path, method, operation in walk(DOCUMENT)
]
SCHEMAS = [
    pytest.param(schema, id=name) for name, schema in DOCUMENT["components"]["schemas"].items()
]
every_operation = pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
every_problem = pytest.mark.parametrize(
    "type_", PROBLEM_TYPES.values(), ids=lambda type_: type_.slug
)


def parameters_of(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the parameters of an operation by name."""
    resolved = [resolve(DOCUMENT, parameter) for parameter in operation["parameters"]]
    return {parameter["name"]: parameter for parameter in resolved}


def contents_of(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield media type and content of each body that is sent or received."""
    responses = [resolve(DOCUMENT, response) for response in operation["responses"].values()]
    for holder in (operation.get("requestBody", {}), *responses):
        yield from holder.get("content", {}).items()


def test_document_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_every_reference_leads_somewhere() -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from [node["$ref"]] if "$ref" in node else []
            node = list(node.values())
        if isinstance(node, list):
            for below in node:
                yield from references(below)

    for reference in references(DOCUMENT):
        assert resolve(DOCUMENT, {"$ref": reference})


def test_every_tag_is_described() -> None:
    described = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    assert {tag for _, _, operation in walk(DOCUMENT) for tag in operation["tags"]} == described


@every_operation
def test_operation_is_described(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert "``" not in operation["summary"] + operation["description"]
    for name, parameter in parameters_of(operation).items():
        assert parameter["description"], name
        assert parameter["schema"]["type"], name


@every_operation
def test_operation_has_real_examples(path: str, method: str, operation: dict[str, Any]) -> None:
    for media_type, content in contents_of(operation):
        assert "example" in content or content["examples"], media_type
    for name, parameter in parameters_of(operation).items():
        schema = parameter["schema"]
        told = schema.keys() & {"examples", "enum", "default"}
        assert told or schema["type"] == "boolean", name


@every_operation
def test_every_example_keeps_to_its_schema(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    for media_type, content in contents_of(operation):
        shown = [example["value"] for example in content.get("examples", {}).values()]
        for example in shown or [content["example"]]:
            assert find_faults(DOCUMENT, content["schema"], example) == [], media_type
    for name, parameter in parameters_of(operation).items():
        for example in parameter["schema"].get("examples", []):
            assert find_faults(DOCUMENT, parameter["schema"], example) == [], name


@every_operation
def test_problems_follow_from_path_parameters_and_body(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    told = {
        slug
        for response in operation["responses"].values()
        for content in resolve(DOCUMENT, response).get("content", {}).values()
        for slug in content.get("examples", {})
    }
    given = parameters_of(operation)
    body = "requestBody" in operation
    expected = {
        "unreadable-request": True,
        "unauthorized": True,
        "insufficient-scope": method != "get",
        "not-found": "{" in path,
        "product-not-found": "product_id" in given and given["product_id"]["in"] == "path",
        "offer-not-found": "offer_id" in given and given["offer_id"]["in"] == "path",
        "product-exists": (method, path) == ("post", "/api/v1/products"),
        "product-changed": "If-Match" in given,
        "idempotency-key-in-use": "Idempotency-Key" in given,
        "idempotency-key-reused": "Idempotency-Key" in given,
        "import-failed": path.endswith("/import"),
        "invalid-input": True,
        "body-too-large": body,
        "unsupported-media-type": body,
        "rate-limit-exceeded": True,
        "internal-error": True,
        "database-unavailable": True,
    }
    assert told == {slug for slug, holds in expected.items() if holds}


@every_operation
def test_every_answer_has_its_headers(path: str, method: str, operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        headers = resolve(DOCUMENT, response)["headers"]
        assert "X-Request-ID" in headers
        assert ("Location" in headers) is (status == "201")
        assert ("Retry-After" in headers) is (status in {"429", "503"}) or status == "409"
        assert ("WWW-Authenticate" in headers) is (status in {"401", "403"})


@every_operation
def test_success_has_the_headers_of_its_kind(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    [success] = [told for status, told in operation["responses"].items() if status < "300"]
    headers, given = success["headers"], parameters_of(operation)
    media_types = success.get("content", {}).keys()
    is_json_read = method == "get" and "application/json" in media_types
    assert ("Link" in headers) is ("cursor" in given or path == "/api/v1/movers")
    assert ("Content-Disposition" in headers) is ("format" in given)
    assert ("Idempotency-Replayed" in headers) is ("Idempotency-Key" in given)
    assert ("304" in operation["responses"]) is is_json_read
    assert ("ETag" in headers) is (is_json_read or path.endswith("/products/{product_id}")) or (
        method in {"post", "delete"}
    )
    assert method != "get" or ("If-None-Match" in given) is is_json_read


@every_problem
def test_problem_example_has_the_shape_of_a_problem(type_: ProblemType) -> None:
    example = problem_example(type_)
    assert (example["type"], example["status"]) == (type_.path, type_.status)
    assert example["detail"]
    assert ("errors" in example) is (type_.slug == "invalid-input")


def codes_in(package: Path) -> set[str]:
    """Return all codes of faults that a package's code writes down.

    Whatever is called with one takes it as ``code``.
    """
    trees = [ast.parse(path.read_text("utf-8")) for path in package.rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    takers = {
        node.name: names.index("code")
        for node in nodes
        if isinstance(node, ast.FunctionDef)
        and "code" in (names := [argument.arg for argument in node.args.args])
    }
    takers["Fault"] = list(Fault.__dataclass_fields__).index("code")
    given = [
        node.args[takers[node.func.id]]
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in takers
    ]
    return {str(code.value) for code in given if isinstance(code, ast.Constant)}


def test_every_code_of_a_fault_is_explained_and_no_other() -> None:
    assert codes_in(ROOT / "aggregator") == CODES.keys()
    code = DOCUMENT["components"]["schemas"]["Fault"]["properties"]["code"]
    assert re.findall(r"^- `(\w+)`: (.+)$", code["description"], re.M) == list(CODES.items())


def test_the_guide_explains_codes_in_the_same_words() -> None:
    guide = (ROOT / "docs" / "api.md").read_text("utf-8")
    table = guide.partition("| `code` | what is wrong |\n|---|---|\n")[2]
    assert re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.M) == list(CODES.items())


def test_failed_import_is_told_with_its_report() -> None:
    schema = {"$ref": "#/components/schemas/ImportFailed"}
    example = problem_example(BY_ERROR[ImportFailed])
    assert find_faults(DOCUMENT, schema, example) == []
    for member in ("rows", "failed", "request_id"):
        without = {name: value for name, value in example.items() if name != member}
        assert find_faults(DOCUMENT, schema, without) != []
    [answer] = DOCUMENT["components"]["responses"]["import-failed"]["content"].values()
    assert answer["schema"] == schema


@pytest.mark.parametrize(
    ("path", "status", "first"),
    [
        ("/api/v1/products", "409", "product-exists"),
        ("/api/v1/products", "422", "invalid-input"),
        ("/api/v1/products/import", "422", "import-failed"),
        ("/api/v1/products/{product_id}", "404", "product-not-found"),
        ("/api/v1/products/{product_id}/offers/{offer_id}", "404", "product-not-found"),
    ],
)
def test_commonest_problem_of_a_status_comes_first(path: str, status: str, first: str) -> None:
    item = DOCUMENT["paths"][path]
    response = resolve(DOCUMENT, item.get("post", item.get("get"))["responses"][status])
    [content] = response["content"].values()
    assert next(iter(content["examples"])) == first


@pytest.mark.parametrize("schema", SCHEMAS)
def test_schema_and_all_of_its_members_are_described(schema: dict[str, Any]) -> None:
    assert schema["description"]
    for name, member in schema["properties"].items():
        assert member.get("description"), name
        assert member.keys() & {"type", "$ref", "anyOf", "const"}, name


def test_only_problems_may_have_other_members() -> None:
    schemas = DOCUMENT["components"]["schemas"].items()
    closed = {name for name, schema in schemas if schema.get("additionalProperties") is False}
    assert DOCUMENT["components"]["schemas"].keys() - closed == {"Problem", "ImportFailed"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ("NewProduct", {"name"}),
        ("ReplaceProduct", {"name", "description"}),
        ("PatchProduct", set()),
        ("Links", {"self", "next"}),
        ("ProductPage", {"items", "links"}),
        ("Offer", {"id", "product_id", "price", "items_in_stock", "first_seen_at", "changed_at"}),
        ("OfferPage", {"items", "checked_at", "stale", "links"}),
    ],
)
def test_what_is_always_there_is_required(schema: str, expected: set[str]) -> None:
    described = DOCUMENT["components"]["schemas"][schema]
    assert set(described.get("required", [])) == expected


@pytest.mark.parametrize(
    ("schema", "member", "expected"),
    [
        ("NewProduct", "name", {"type": "string", "minLength": 1, "maxLength": 255}),
        ("NewProduct", "id", {"type": ["string", "null"], "format": "uuid"}),
        ("NewProduct", "description", {"type": "string", "maxLength": 10_000, "default": ""}),
        ("PatchProduct", "description", {"type": ["string", "null"]}),
        ("Product", "version", {"type": "integer", "format": "int64"}),
        ("Product", "best_price", {"type": ["integer", "null"], "format": "int64"}),
        ("Product", "created_at", {"type": "string", "format": "date-time"}),
        ("Product", "checked_at", {"type": ["string", "null"], "format": "date-time"}),
        ("Product", "stale", {"type": "boolean"}),
        ("Event", "event", {"type": "string", "enum": ["listed", "changed", "ended"]}),
        ("Event", "at", {"type": "string", "format": "date-time"}),
        ("Period", "seconds", {"type": "number"}),
        ("Trend", "slope_per_day", {"type": ["number", "null"]}),
        ("Trend", "low", {"$ref": "#/components/schemas/Mark"}),
        ("Trend", "series", {"type": "array", "items": {"$ref": "#/components/schemas/Bucket"}}),
    ],
)
def test_fields_of_ours_are_told_rightly(
    schema: str, member: str, expected: dict[str, Any]
) -> None:
    described = DOCUMENT["components"]["schemas"][schema]["properties"][member]
    assert {keyword: described.get(keyword) for keyword in expected} == expected


def test_parameters_tell_their_limits() -> None:
    given = parameters_of(DOCUMENT["paths"]["/api/v1/products"]["get"])
    limits = {"minimum": 1, "maximum": 200, "default": 50}
    assert given["limit"]["schema"].items() >= limits.items()
    assert given["include"]["schema"]["enum"] == ["total"]


def test_limits_that_swagger_ui_does_not_show_are_told_in_words() -> None:
    lists = [given for _, _, op in walk(DOCUMENT) if "limit" in (given := parameters_of(op))]
    for limit in (given["limit"] for given in lists):
        schema = limit["schema"]
        assert f"{schema['minimum']} to {schema['maximum']}" in limit["description"]
    given = parameters_of(DOCUMENT["paths"]["/api/v1/products"]["get"])
    assert f"up to {given['id']['schema']['maxItems']} with commas" in given["id"]["description"]
    assert f"Up to {given['q']['schema']['maxLength']} characters" in given["q"]["description"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("name", "\0"),
        ("name", " \t"),
        ("name", "x" * 256),
        ("description", "a\0b"),
        ("colour", "red"),
    ],
)
def test_schemas_refuse_what_the_api_refuses(member: str, value: str) -> None:
    schema = {"$ref": "#/components/schemas/NewProduct"}
    assert find_faults(DOCUMENT, schema, {"name": "Kettle"}) == []
    assert find_faults(DOCUMENT, schema, {"name": "Kettle", member: value}) != []


@pytest.mark.parametrize(
    ("operation_id", "media_types"),
    [
        ("patch_product", ["application/merge-patch+json", "application/json"]),
        ("list_changes", ["application/json", "text/csv", "application/x-ndjson"]),
    ],
)
def test_every_media_type_is_told(operation_id: str, media_types: list[str]) -> None:
    [operation] = [op for _, _, op in walk(DOCUMENT) if op["operationId"] == operation_id]
    body = operation.get("requestBody") or operation["responses"]["200"]
    assert list(body["content"]) == media_types


def test_links_lead_from_ids_to_the_operations_that_take_them() -> None:
    created = DOCUMENT["paths"]["/api/v1/products"]["post"]["responses"]["201"]["links"]
    assert {"get_product", "patch_product", "delete_product", "list_offers"} <= created.keys()
    assert created["get_product"]["parameters"] == {"product_id": "$response.body#/id"}
    listed = DOCUMENT["paths"]["/api/v1/products/{product_id}/offers"]["get"]["responses"]["200"]
    assert listed["links"]["get_offer_trend"]["parameters"] == {
        "product_id": "$request.path.product_id",
        "offer_id": "$response.body#/items/0/id",
    }


def test_the_checker_of_examples_knows_formats() -> None:
    formats = FormatChecker()
    checker = Draft202012Validator({"format": "date-time"}, format_checker=formats)
    assert not checker.is_valid("yesterday")
