"""Text that a spreadsheet would execute, made harmless in a way that can be undone."""

from __future__ import annotations

import re

_FORMULA = "[=+\\-@\t\r\n＝＋－＠]"  # noqa: RUF001 - full width is executed as well
_DANGEROUS = re.compile(f"'*{_FORMULA}")
_NEUTRALISED = re.compile(f"'+{_FORMULA}")


def neutralise(text: str) -> str:
    """Return a cell that a spreadsheet shows and does not execute.

    Cells that look neutralised already get one more apostrophe, so that :func:`restore`
    gives back every text as it was.
    """
    return f"'{text}" if _DANGEROUS.match(text) else text


def restore(cell: str) -> str:
    """Return the text that a cell stands for."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell
