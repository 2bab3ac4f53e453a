"""JSON as RFC 8259 has it, and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec


def loads(text: str | bytes | memoryview) -> Any:
    """Read JSON.

    Unlike the standard library this refuses ``NaN``, invalid UTF-8 and lone surrogates, none
    of which a database could store.

    :raises ValueError: It is malformed, or nested too deep.
    """
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise ValueError("JSON is nested too deep") from None
