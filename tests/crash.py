"""Making parts of the product fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def crash(error: Exception) -> Callable[..., Any]:
    """Return a function that raises an error, whatever it is called with."""

    def raise_it(*_args: object, **_kwargs: object) -> None:
        raise error

    return raise_it
