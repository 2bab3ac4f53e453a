"""The OpenAPI document: what the code says of itself, and what follows from that.

flask-smorest collects paths, parameters, bodies and schemas from the views. Everything that is
the same for many operations is derived here instead of being repeated there.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from aggregator.openapi import examples, links, operations, problems

_HERE = files(__name__)


def complete(collected: dict[str, Any]) -> dict[str, Any]:
    """Return the whole document.

    :param collected: the document as flask-smorest leaves it.
    """
    base = json.loads(_HERE.joinpath("base.json").read_text("utf-8"))
    info = collected["info"] | {"description": _HERE.joinpath("guide.md").read_text("utf-8")}
    components = base["components"]
    components["schemas"] |= collected["components"]["schemas"]
    problems.complete_schemas(components["schemas"])
    components["responses"] = problems.responses()
    document: dict[str, Any] = collected | base | {"info": info}
    operations.share_out_parameters(document)
    for path, method, operation in operations.walk(document):
        operations.complete(operation, method, path, components)
        examples.add(operation)
    links.add(document)
    return document
