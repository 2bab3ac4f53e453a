"""Folding a text, and splitting it into words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.words import MAX_WORD_LENGTH, fold, split_words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("Žluťoučký KŮŇ", "zlutoucky kun", id="czech"),
        pytest.param("Straße STRASSE", "strasse strasse", id="sharp-s"),
        pytest.param("Łódź Ørsted Đorđe", "lodz orsted dorde", id="strokes"),
        pytest.param("İzmir Isparta \u0131s\u0131", "izmir isparta isi", id="turkish"),
        pytest.param("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ", id="greek"),
        pytest.param("ЙОЖИК ёжик", "иожик ежик", id="cyrillic"),
        pytest.param("\uff4b\uff47 ﬁne Ⅷ ²", "kg fine viii 2", id="compatible"),
        pytest.param("電気ケトル", "電気ケトル", id="japanese"),
    ],
)
def test_case_and_accents_fall_away(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("Benzinová sekačka, 2.6kW", ["benzinova", "sekacka", "2", "6kw"], id="czech"),
        pytest.param("snake_case-n'n\u2019co", ["snake", "case", "n", "co"], id="signs"),
        pytest.param("Pot POT pót", ["pot"], id="each-once"),
        pytest.param("z\u030caba", ["zaba"], id="marks-apart-from-their-letters"),
        pytest.param("हिन्दी", ["हनद"], id="vowel-signs"),
        pytest.param("½ 電気", ["1", "2", "電気"], id="fraction"),
        pytest.param("🫖 👩‍👩‍👧 … _ \u0301", [], id="nothing"),
        pytest.param("", [], id="empty"),
        pytest.param("x" * 101 + " " + "x" * 100, ["x" * 100], id="long"),
    ],
)
def test_words_are_runs_of_letters_and_digits(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@given(st.text())
def test_a_folded_text_is_folded(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_words_need_no_quotes_and_are_their_own_words(text: str) -> None:
    words = split_words(text)
    assert all(word.isalnum() and len(word) <= MAX_WORD_LENGTH for word in words)
    assert split_words(" ".join(words)) == words
