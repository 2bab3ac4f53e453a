"""What people ask the catalogue's page for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from marshmallow import EXCLUDE, ValidationError

from aggregator.errors import Fault, InvalidInput
from aggregator.http.cursors import decode_cursor
from aggregator.schemas.base import Choice, find_faults
from aggregator.schemas.products import ProductListQuery
from aggregator.services import catalogue
from aggregator.web.choices import PERIODS, SORTS, USUAL_PERIOD, USUAL_SORT

#: What is wrong, to people who see fields and not parameters, by its code.
_WORDS = {
    "range": "This must be a whole number, 0 or more.",
    "order": "This must not be less than the price from.",
    "no_words": "There is no letter or digit in this.",
    "choice": "This is none of the choices.",
    "cursor": "The address of this page is damaged, or of another search. Here is the first page.",
}


_PRICES = {"min_price", "max_price"}


class CatalogueQuery(NamedTuple):
    """What is wanted, as far as it can be told."""

    typed: Mapping[str, str]
    """All parameters as they came, without those that were left empty."""
    chosen: Mapping[str, Any]
    """What the good ones say, and the usual choices in place of the others."""
    after: tuple[Any, ...] | None
    """The sort values that the page begins behind; None for the first page."""
    faults: Mapping[str, str]
    """What is wrong with the others, in words."""


class _Schema(ProductListQuery):
    """What the page takes of what a list of products does. Other parameters are not its."""

    class Meta:
        unknown = EXCLUDE
        exclude = ("ids", "registered", "limit", "include")

    sort = Choice(*SORTS, load_default=USUAL_SORT)
    period = Choice(*PERIODS, load_default=USUAL_PERIOD)


def read_query(parameters: Mapping[str, str]) -> CatalogueQuery:
    """Return what the parameters of the request ask for."""
    # Of a form, those that were left empty come too.
    typed = {name: text for name, text in parameters.items() if text.strip()}
    chosen, faults = _load(
        typed | {name: _ungrouped(typed[name]) for name in _PRICES & typed.keys()}
    )
    after = None
    if chosen["cursor"] is not None:
        try:
            after = decode_cursor(chosen["cursor"], catalogue.SORTS[chosen["sort"]])
        except InvalidInput as error:
            faults |= _tell(error.faults)
    return CatalogueQuery(typed, chosen, after, faults)


def _ungrouped(price: str) -> str:
    """Return a price without the white space between its digits, with which pages show it."""
    return "".join(price.split())


def _load(typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    schema = _Schema()
    try:
        return schema.load(typed), {}
    except ValidationError as error:
        faults = _tell(find_faults(error.messages, "parameter"))
    good = {name: text for name, text in typed.items() if name not in faults}
    return schema.load(good), faults


def _tell(faults: Iterable[Fault]) -> dict[str, str]:
    return {fault.where: _WORDS.get(fault.code, fault.detail) for fault in faults}
