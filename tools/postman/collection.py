"""A Postman collection (format 2.1.0) out of an OpenAPI document and a tour through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tools.postman.samples import Node, follow, sample_body, sample_parameter, write_body
from tools.postman.steps import Folder, Step

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
_TRIES = 60


def make_collection(document: Node, tour: Sequence[Folder]) -> dict[str, Any]:
    """Return the collection.

    :raises StopIteration: The document has no such operation as a step asks for.
    """
    return {
        "info": {
            "_postman_id": _id("collection"),
            "name": document["info"]["title"],
            "description": document["info"].get("description", ""),
            "schema": _SCHEMA,
        },
        "item": [_folder(document, folder) for folder in tour],
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
        "event": [_script("prerequest", _read("before.js")), _script("test", _read("after.js"))],
        "variable": [{"key": name, "value": ""} for name in _kept(tour)],
    }


def walk(document: Node) -> Iterator[tuple[str, str, Node]]:
    """Yield method, path and content of each operation."""
    for path, item in document["paths"].items():
        for method in item.keys() & _METHODS:
            yield method, path, item[method]


def _find(document: Node, name: str) -> tuple[str, str, Node]:
    return next(found for found in walk(document) if found[2]["operationId"] == name)


def _kept(tour: Sequence[Folder]) -> list[str]:
    """Return the variables that steps keep for others."""
    names = (name for folder in tour for step in folder.steps for name in step.keep)
    return list(dict.fromkeys(names))


def _folder(document: Node, folder: Folder) -> dict[str, Any]:
    items = [_item(document, folder, step) for step in folder.steps]
    return {"name": folder.name, "description": folder.description, "item": items}


def _item(document: Node, folder: Folder, step: Step) -> dict[str, Any]:
    method, path, operation = _find(document, step.operation)
    name = step.name or operation["summary"].rstrip(".")
    request = {
        "method": method.upper(),
        "description": operation.get("description", operation["summary"]),
        "url": _url(document, path, operation, step),
        "header": list(_headers(document, operation, step)),
    }
    if "requestBody" in operation:
        request["body"] = _body(document, operation, step)
    return {
        "id": _id(f"{folder.name}/{name}"),
        "name": name,
        "event": [_script("test", "\n".join(_checks(step)))],
        "request": request,
        "response": [],
    }


def _url(document: Node, path: str, operation: Node, step: Step) -> dict[str, Any]:
    parts = [part.replace("{", ":").rstrip("}") for part in path.strip("/").split("/")]
    names = [part.removeprefix(":") for part in parts if part.startswith(":")]
    query = list(_parameters(document, operation, "query", step.query))
    ticked = "&".join(f"{p['key']}={p['value']}" for p in query if not p.get("disabled"))
    return {
        "raw": "{{base_url}}/" + "/".join(parts) + (f"?{ticked}" if ticked else ""),
        "host": ["{{base_url}}"],
        "path": parts,
        "query": query,
        "variable": [
            {"key": name, "value": step.path.get(name, "{{" + name + "}}")} for name in names
        ],
    }


def _headers(document: Node, operation: Node, step: Step) -> Iterator[dict[str, Any]]:
    """Yield the headers: the body's type, and those that the document names."""
    if "requestBody" in operation:
        yield {"key": "Content-Type", "value": _media_type(document, operation, step)}
    yield from _parameters(document, operation, "header", step.headers)


def _parameters(
    document: Node, operation: Node, place: str, given: Any
) -> Iterator[dict[str, Any]]:
    """Yield all parameters of a place; those that the step does not give are there unticked."""
    for reference in operation.get("parameters", []):
        parameter = follow(document, reference)
        if parameter["in"] != place:
            continue
        name = parameter["name"]
        yield {
            "key": name,
            "value": given.get(name, sample_parameter(document, parameter)),
            "description": parameter.get("description", ""),
            **({} if name in given else {"disabled": True}),
        }


def _body(document: Node, operation: Node, step: Step) -> dict[str, Any]:
    media_type = _media_type(document, operation, step)
    content = follow(document, operation["requestBody"])["content"]
    is_given = step.body is not None
    text = write_body(step.body) if is_given else sample_body(document, content[media_type])
    language = "json" if media_type.endswith("json") else "text"
    return {"mode": "raw", "raw": text, "options": {"raw": {"language": language}}}


def _media_type(document: Node, operation: Node, step: Step) -> str:
    content = follow(document, operation["requestBody"])["content"]
    return step.headers.get("Content-Type", next(iter(content)))


def _checks(step: Step) -> Iterator[str]:
    """Yield the lines of a step's own script."""
    if step.until is not None:
        yield f"if (!({step.until}) && pm.variables.get('tries') !== {_TRIES}) {{"
        yield "  pm.variables.set('tries', (pm.variables.get('tries') || 0) + 1);"
        yield "  setTimeout(() => {}, 1000);"
        yield "  pm.execution.setNextRequest(pm.info.requestId);"
        yield "} else {"
        yield from (f"  {line}" for line in _asserts(step))
        yield "}"
    else:
        yield from _asserts(step)


def _asserts(step: Step) -> Iterator[str]:
    told = f"The status is {step.status}"
    yield f'pm.test("{told}", () => pm.response.to.have.status({step.status}));'
    for fact, script in step.expect.items():
        yield f'pm.test("{fact}", () => {script});'
    for name, value in step.keep.items():
        yield f'pm.collectionVariables.set("{name}", {value});'


def _script(listen: str, text: str) -> dict[str, Any]:
    lines = text.rstrip("\n").split("\n")
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _id(name: str) -> str:
    """Return an id that stays the same, so that an import replaces what was imported before."""
    return str(uuid5(NAMESPACE_URL, f"product-aggregator/postman/{name}"))
