"""What no OpenAPI document can tell of the API. Schemathesis loads this module."""

from __future__ import annotations

import os
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

from tests.fuzz import rows
from tests.fuzz.market import KEPT

_NOBODY = "00000000-0000-0000-0000-000000000000"
#: A cursor comes from the page before it, an instant is over, a period is not empty, a time zone
#: has a name that is known; and schemathesis finds no tags, which stand in quotation marks.
_PLACES = {"cursor", "at", "from", "to", "period", "tz", "If-Match", "If-None-Match"}
#: One parameter contradicts another; an id has other content already; nothing to search for.
_CODES = {"conflict", "order", "exists", "no_words"}
#: More buckets than a series may have.
_TOO_FINE = ("interval", "too_short")


@schemathesis.hook
def before_load_schema(_context: HookContext, document: dict[str, Any]) -> None:
    """Say what is so on the server under test: the document is the same for all servers."""
    if os.environ.get("API_AUTH") == "all":
        document["security"] = [{"bearer": []}]
    rows.describe(document)


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Make requests that would be refused, or would leave nothing to ask for, useful ones."""
    if _is_positive(case) and {"from", "to", "period"} <= case.query.keys():
        del case.query["period"]
    if case.method == "DELETE" and case.path_parameters.get("product_id") in KEPT:
        case.path_parameters["product_id"] = _NOBODY
    if _is_positive(case) and "Idempotency-Key" in case.headers:
        # The same key is for the same request alone.
        request = (case.operation.label, case.query, case.media_type, case.body)
        told = repr((case.headers["Idempotency-Key"], *request))
        case.headers["Idempotency-Key"] = blake2b(told.encode(errors="replace")).hexdigest()


@schemathesis.hook
def filter_failure(
    _context: HookContext, failure: Failure, case: Case[Any], response: Response
) -> bool:
    """Let a request that fits its schema be refused for what no schema can tell, and only for it.

    A tag in If-Match may be stale, too. And bad rows need not spoil an import.
    """
    if isinstance(failure, AcceptedNegativeData):
        return not rows.may_be_bad(case, response)
    if not isinstance(failure, RejectedPositiveData):
        return True
    if response.status_code == HTTPStatus.PRECONDITION_FAILED:
        return False
    problem = response.json()
    faults = problem.get("errors") or [e for row in problem.get("rows", []) for e in row["errors"]]
    return not faults or not all(_is_beyond_schemas(fault) for fault in faults)


def _is_beyond_schemas(fault: dict[str, str]) -> bool:
    place, code = fault.get("parameter", fault.get("header")), fault["code"]
    return place in _PLACES or code in _CODES or (place, code) == _TOO_FINE


def _is_positive(case: Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive
