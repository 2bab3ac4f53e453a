"""Finding products by words of their name and description."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto
from typing import Any, TypedDict
from typing import cast as cast_type

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Engine,
    Integer,
    SQLColumnExpression,
    Table,
    Text,
    all_,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    tablesample,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import aliased
from sqlalchemy.types import Uuid

from aggregator.models import Product
from aggregator.prepared import Prepared
from aggregator.words import fold, split_words

_SORT_NAME_LENGTH = 255
#: SQLite's full-text index. Triggers keep it up to date.
_SEARCH = table("product_search", column("product_id", Uuid()), column("words"))

#: From which share of all products on words are frequent in a list by a column of ``products``,
#: and by one of ``product_sync``, where to each row belongs another elsewhere.
_FREQUENT, _FREQUENT_ELSEWHERE = 0.001, 0.006
#: Of the table's pages, in percent: some 2,000 products of a million.
_SAMPLE_PERCENT = 0.2


class Way(Enum):
    """How products with words are looked for."""

    FTS = auto()
    """By SQLite's full-text index."""
    INDEX = auto()
    """By PostgreSQL's index, as far as it thinks fit."""
    ARRAY = auto()
    """By that index, and all that are found before any other condition is looked at."""
    ORDER = auto()
    """Product by product, in the order of the list."""


class DerivedColumns(TypedDict):
    """The columns of a product that follow from its name and description."""

    sort_name: str
    words: str


def derive_columns(name: str, description: str) -> DerivedColumns:
    """Return what to write wherever a product's name and description are written."""
    words = split_words(f"{name} {description}")
    return {"sort_name": fold(name)[:_SORT_NAME_LENGTH], "words": " ".join(words)}


def ask_for_words(text: str, dialect: str) -> dict[str, Any]:
    """Return the parameters of :func:`has_words`.

    :param text: with at least one word in it.
    :param dialect: the database's kind.
    """
    words = _longest(split_words(text))
    if dialect == "postgresql":
        asked = " & ".join(f"'{word}':*" for word in words)
        return {"words": asked, "patterns": [f"% {word}%" for word in words]}
    return {"words": " AND ".join(f'"{word}"*' for word in words)}


def has_words(way: Way) -> ColumnElement[bool]:
    """Return the condition that each word that is asked for begins one of the product's words."""
    asked = bindparam("words", type_=Text())
    if way is Way.FTS:
        return Product.id.in_(select(_SEARCH.c.product_id).where(_SEARCH.c.words.match(asked)))
    if way is Way.INDEX:
        return _matches(Product.words, asked)
    if way is Way.ORDER:
        # Of a number PostgreSQL expects a third of all: it reads products in their order.
        return cast(_reads_like(Product.words), Integer) > 0
    # An array is there before products are read: none is looked at that has not the words.
    having = aliased(Product)
    ids = select(having.id).where(_matches(having.words, asked))
    return Product.id == any_(func.array(ids.scalar_subquery()))


def way_to_all(dialect: str) -> Way:
    """Return how to look for all products that have words.

    :param dialect: the database's kind.
    """
    return Way.INDEX if dialect == "postgresql" else Way.FTS


def choose_way(engine: Engine, text: str, *, by_product: bool) -> Way:
    """Return how to look for those products that come first in an order.

    PostgreSQL guesses how many products have words, by a prefix wildly, and would read a whole
    list for rare ones or sort half the catalogue for frequent ones. A sample knows better.

    :param by_product: whether the order is by a column of ``products``.
    """
    if engine.name != "postgresql":
        return Way.FTS
    patterns = ask_for_words(text, engine.name)["patterns"]
    [(found, read)] = _SAMPLE.fetch(engine, patterns=patterns, percent=_SAMPLE_PERCENT)
    frequent = _FREQUENT if by_product else _FREQUENT_ELSEWHERE
    return Way.ORDER if found > frequent * read else Way.ARRAY


def _matches(text: SQLColumnExpression[str], asked: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition as PostgreSQL's index of words serves it."""
    lexemes = func.array_to_tsvector(func.string_to_array(text, literal_column("' '")))
    return lexemes.bool_op("@@")(cast(asked, TSQUERY))


def _reads_like(text: SQLColumnExpression[str]) -> ColumnElement[bool]:
    """Return the condition as it is soonest looked at, product by product."""
    patterns = bindparam("patterns", type_=ARRAY(Text))
    return literal_column("' '").concat(text).like(all_(patterns))


def _longest(words: Collection[str]) -> list[str]:
    """Leave out words that begin another one: that one finds no more than they do."""
    return [
        word
        for word in words
        if not any(other != word and other.startswith(word) for other in words)
    ]


_SAMPLED = tablesample(cast_type(Table, Product.__table__), func.system(bindparam("percent")))
_SAMPLE = Prepared(
    select(func.count().filter(_reads_like(_SAMPLED.c.words)), func.count()).select_from(_SAMPLED)
)
