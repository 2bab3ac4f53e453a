"""No text that is exported is executed, and each comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.bulk.formulas import neutralise, restore

#: What spreadsheets take for the beginning of a formula.
DANGEROUS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001


@given(st.text(st.sampled_from(f"'{DANGEROUS}a ")))
@example("'=1")
@example("''")
def test_text_comes_back_as_it_was(text: str) -> None:
    assert restore(neutralise(text)) == text


@given(st.text(st.sampled_from(f"'{DANGEROUS}a ")))
def test_no_neutralised_text_begins_like_a_formula(text: str) -> None:
    assert not neutralise(text).startswith(tuple(DANGEROUS))


@pytest.mark.parametrize("text", ["", "Pot", "'", "'Pot'", "a=1", " =1", "1-2", "''tis"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert neutralise(text) == restore(text) == text


@pytest.mark.parametrize("sign", DANGEROUS)
def test_every_sign_is_known(sign: str) -> None:
    assert neutralise(f"{sign}cmd|' /C calc'!A0") == f"'{sign}cmd|' /C calc'!A0"
