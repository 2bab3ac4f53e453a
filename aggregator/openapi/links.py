"""Where an answer leads: OpenAPI's links from ids in answers to the operations that take them."""

from __future__ import annotations

from aggregator.openapi.examples import Json
from aggregator.openapi.operations import walk

#: Where answers hold an id: schema → name of the id → where it is.
_IDS: dict[str, dict[str, str]] = {
    "Product": {"product_id": "/id"},
    "ProductPage": {"product_id": "/items/0/id"},
    "Movers": {"product_id": "/items/0/product/id"},
    "OfferPage": {"offer_id": "/items/0/id"},
    "ChangePage": {"offer_id": "/items/0/offer_id"},
}


def add(document: Json) -> None:
    """Add links to all successful answers."""
    by_ids: dict[frozenset[str], list[str]] = {}
    for path, _, operation in walk(document):
        by_ids.setdefault(frozenset(_ids(path)), []).append(operation["operationId"])
    for path, _, operation in walk(document):
        for response in operation["responses"].values():
            found = _find(response)
            given = {name: f"$request.path.{name}" for name in _ids(path)}
            targets = by_ids.get(frozenset(given | found), []) if found else []
            if targets:
                response["links"] = {
                    target: {"operationId": target, "parameters": given | found}
                    for target in targets
                }


def _find(response: Json) -> dict[str, str]:
    """Return where a response holds ids."""
    content: Json = response.get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return {key: f"$response.body#{where}" for key, where in _IDS.get(name, {}).items()}


def _ids(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]
