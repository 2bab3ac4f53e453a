"""Finding products by words of their name and description."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict

from sqlalchemy import (
    ColumnElement,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.types import Uuid

from aggregator.models import Product
from aggregator.words import fold, split_words

_SORT_NAME_LENGTH = 255
_LEXEMES = func.array_to_tsvector(func.string_to_array(Product.words, literal_column("' '")))
#: SQLite's full-text index. Triggers keep it up to date.
_SEARCH = table("product_search", column("product_id", Uuid()), column("words"))


class DerivedColumns(TypedDict):
    """The columns of a product that follow from its name and description."""

    sort_name: str
    words: str


def derive_columns(name: str, description: str) -> DerivedColumns:
    """Return what to write wherever a product's name and description are written."""
    words = split_words(f"{name} {description}")
    return {"sort_name": fold(name)[:_SORT_NAME_LENGTH], "words": " ".join(words)}


def has_words(dialect: str) -> ColumnElement[bool]:
    """Return the condition that a product has the words that the parameter ``words`` asks for.

    :param dialect: the database's kind.
    """
    asked = bindparam("words", type_=Text())
    if dialect == "postgresql":
        return _LEXEMES.bool_op("@@")(cast(asked, TSQUERY))
    return Product.id.in_(select(_SEARCH.c.product_id).where(_SEARCH.c.words.match(asked)))


def ask_for_words(dialect: str, text: str) -> str:
    """Return what asks, as that parameter, for a word that begins so for each word of a text.

    :param text: with at least one word in it.
    """
    words = _longest(split_words(text))
    if dialect == "postgresql":
        return " & ".join(f"'{word}':*" for word in words)
    return " AND ".join(f'"{word}"*' for word in words)


def _longest(words: Collection[str]) -> list[str]:
    """Leave out words that begin another one: that one finds no more than they do."""
    return [
        word
        for word in words
        if not any(other != word and other.startswith(word) for other in words)
    ]
