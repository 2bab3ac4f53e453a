"""Words as people compare them: case and accents aside."""

from __future__ import annotations

import re
import unicodedata

#: Longer words are told apart by this many characters.
MAX_WORD_LENGTH = 100
#: Letters with a mark that Unicode counts as a part of them.
_WITHOUT_MARKS = str.maketrans("ıøłđħŧ", "ioldht")
#: Behind it are rare letters, which are not worth remembering.
_LAST_REMEMBERED = 0xFFFF
_WORD = re.compile(r"[^\W_]+")


class _Letters(dict[int, int | None]):
    """What becomes of each character, found out when it first comes by: nothing of marks."""

    def __missing__(self, code: int) -> int | None:
        letter = None if unicodedata.category(chr(code)).startswith("M") else code
        if code <= _LAST_REMEMBERED:
            self[code] = letter
        return letter


_LETTERS = _Letters(_WITHOUT_MARKS)


def fold(text: str) -> str:
    """Return a text without what case, accents and ways of writing a letter tell apart."""
    folded = _fold_once(text)
    while folded != text:
        text, folded = folded, _fold_once(folded)
    return folded


def split_words(text: str) -> list[str]:
    """Return the words of a text, folded: runs of letters and digits, each once, in order."""
    words = (word[:MAX_WORD_LENGTH] for word in _WORD.findall(fold(text)))
    return list(dict.fromkeys(words))


def _fold_once(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
