"""What a tour is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """One request of the tour.

    What is not said comes from the document: the name, the body, and the parameters, which are
    there to be ticked.
    """

    operation: str
    """Its ``operationId``."""
    _: KW_ONLY
    name: str | None = None
    status: int = 200
    path: Mapping[str, str] = field(default_factory=dict)
    """Values in the path, where they are not the variables of the same names."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    keep: Mapping[str, str] = field(default_factory=dict)
    """JavaScript that gives a variable's value, by the variable's name."""
    until: str | None = None
    """JavaScript: the request is sent again each second until it is true."""
    expect: Mapping[str, str] = field(default_factory=dict)
    """JavaScript that asserts something, by what it asserts."""


@dataclass(frozen=True)
class Folder:
    """Steps that belong together."""

    name: str
    description: str
    steps: Sequence[Step]
