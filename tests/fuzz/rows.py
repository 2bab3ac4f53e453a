"""Files to import: rows as schemathesis makes them, written as NDJSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import schemathesis
from schemathesis import Case, Response, SerializationContext

_IMPORT = "/api/v1/products/import"
_CSV, _NDJSON = "text/csv", "application/x-ndjson"


def describe(document: dict[str, Any]) -> None:
    """Make the rows of all forms as those of JSON; what the document knows is a string."""
    operation = document["paths"].get(_IMPORT, {}).get("post", {})
    content = operation.get("requestBody", {}).get("content", {})
    for media_type in {_CSV, _NDJSON} & content.keys():
        content[media_type] = {"schema": content["application/json"]["schema"]}


def may_be_bad(case: Case[Any], response: Response) -> bool:
    """Tell whether an import may succeed in spite of its rows.

    They were left out and told of; or they are in CSV, where a wrong type is a string like others.
    """
    if case.operation.path != _IMPORT:
        return False
    return case.media_type == _CSV or response.json()["failed"] > 0


@schemathesis.serializer(_NDJSON)
def _write_ndjson(_context: SerializationContext, rows: Any) -> bytes:
    lines = rows if isinstance(rows, list) else [rows]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


@schemathesis.serializer(_CSV)
def _write_csv(_context: SerializationContext, rows: Any) -> bytes:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return json.dumps(rows).encode()
    columns = list(dict.fromkeys(["name", "description", *(name for row in rows for name in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(errors="surrogatepass")
