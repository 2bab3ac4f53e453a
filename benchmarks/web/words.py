"""The words of a catalogue: made up, but spread over the products as words of a language are.

Each has three syllables, so that none begins another one, and so that all letters and short
beginnings are about equally frequent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from aggregator.services.search import derive_columns

#: Each product has one word of each of these, drawn from so many.
TIERS = (2, 10, 100, 1000)
#: And one of so many, which no text shares with another.
SELDOM = 10_000
_SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnprstvz" for vowel in "aeiou"]
_N_WORDS = len(_SYLLABLES) ** 3
#: Prime to their number: it scatters words that follow each other over the alphabet.
_STEP = 7919
_NAMES, _FILLERS, _N_FILLERS = 3000, 20_000, 10
#: Names and descriptions are put together of so many beginnings and so many ends.
N_TEXTS = 5000


@dataclass(frozen=True)
class Vocabulary:
    """Words by how many products have them."""

    tiers: dict[int, Sequence[str]]
    """One in so many products has each of these."""
    seldom: Sequence[str]
    """One in :data:`SELDOM` products has each of these."""
    names: Sequence[str]
    fillers: Sequence[str]
    """The first of them in one of 15 products, the last in hardly any."""


def vocabulary() -> Vocabulary:
    """Return the words, always the same ones."""
    words = (_word(number) for number in count(1))

    def take(n: int) -> list[str]:
        return [next(words) for _ in range(n)]

    return Vocabulary({n: take(n) for n in TIERS}, take(SELDOM), take(_NAMES), take(_FILLERS))


def beginnings(known: Vocabulary) -> Iterator[dict[str, Any]]:
    """Yield the names of products, and how their descriptions begin."""
    random = Random("beginnings")
    for number in range(N_TEXTS):
        name = " ".join(random.choice(known.names).title() for _ in range(2))
        description = " ".join(random.choice(tier) for tier in known.tiers.values())
        yield _text(number, name, description)


def ends(known: Vocabulary) -> Iterator[dict[str, Any]]:
    """Yield how descriptions end."""
    random = Random("ends")
    for number in range(N_TEXTS):
        ranks = (int(_FILLERS ** random.random()) - 1 for _ in range(_N_FILLERS))
        yield _text(number, "", " ".join(known.fillers[rank] for rank in ranks))


def _text(number: int, name: str, description: str) -> dict[str, Any]:
    derived = derive_columns(name, description)
    return {"n": number, "name": name, "description": description, **derived}


def _word(number: int) -> str:
    """Return the word with this number, from 0 to all threefold syllables there are."""
    number = number * _STEP % _N_WORDS
    letters = ""
    for _ in range(3):
        number, syllable = divmod(number, len(_SYLLABLES))
        letters += _SYLLABLES[syllable]
    return letters
