"""Faults on demand: which there are, and which calls they hit."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from sandbox.fault_rules import CALLS, RULES


class FaultError(ValueError):
    """The faults asked for do not exist."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """A set of faults; the default is none."""

    #: Delay before the answer, milliseconds.
    latency_ms: float = 0
    #: Share of calls answered 500, 0 to 1.
    error_rate: float = 0
    #: Every call is answered with this status.
    status: int | None = None
    #: Seconds in the header ``Retry-After`` that goes with ``status``.
    retry_after: int | None = None
    #: The call is carried out, but its answer's body is spoilt in this way.
    garbage: str | None = None
    #: The body is a JSON list that never ends.
    endless: bool = False
    #: Seconds before each byte of the right body.
    drip: float = 0
    #: The connection is closed without an answer and the call not carried out.
    drop: bool = False
    #: Every call is redirected to this address.
    redirect: str | None = None
    #: The calls affected.
    paths: tuple[str, ...] = CALLS
    #: The products affected, in lower case; None means all calls, also those without a product.
    product_ids: tuple[str, ...] | None = None
    #: Only so many more calls are affected; None means without end.
    first: int | None = None

    @classmethod
    def from_json(cls, data: object) -> "Faults":
        """Return the faults that a JSON object describes.

        :raises FaultError: Unknown key or bad value; the message names it.
        """
        if not isinstance(data, Mapping):
            raise FaultError("faults must be a JSON object, or a list of them")
        for name, value in data.items():
            if name not in RULES:
                raise FaultError(f"unknown fault {name!r}; known: {', '.join(RULES)}")
            accepts, rule = RULES[name]
            if not accepts(value):
                raise FaultError(f"{name} must be {rule}")
        if "retry_after" in data and "status" not in data:
            raise FaultError("retry_after needs status")
        values: dict[str, Any] = dict(data)
        if "paths" in values:
            values["paths"] = tuple(values["paths"])
        if "product_ids" in values:
            values["product_ids"] = tuple(text.lower() for text in values["product_ids"])
        return cls(**values)

    def to_json(self) -> dict[str, object]:
        """Return what differs from no faults."""
        values = ((field, getattr(self, field.name)) for field in fields(self))
        return {field.name: value for field, value in values if value != field.default}

    def affects(self, call: str, product_id: str | None) -> bool:
        """Return whether a call is one of those meant."""
        if call not in self.paths or self.first == 0:
            return False
        if self.product_ids is None:
            return True
        return product_id is not None and product_id.lower() in self.product_ids


NO_FAULTS = Faults()


class FaultBox:
    """The faults in force. Not safe for concurrent use."""

    def __init__(self, faults: Faults, seed: int) -> None:
        #: Sets of faults: a call meets the first that affects it.
        self.sets: tuple[Faults, ...] = (faults,)
        self._random = random.Random(seed)

    def replace(self, data: object) -> None:
        """Put other faults in force: a JSON object, or a list of them.

        :raises FaultError: Unknown key or bad value; the faults stay as they were.
        """
        described = data if isinstance(data, list) and data else [data]
        self.sets = tuple(Faults.from_json(each) for each in described)

    def clear(self) -> None:
        """Put no faults in force."""
        self.sets = (NO_FAULTS,)

    def to_json(self) -> dict[str, object] | list[dict[str, object]]:
        """Return the faults in force, an object where it is one set."""
        listed = [faults.to_json() for faults in self.sets]
        return listed if len(listed) > 1 else listed[0]

    def draw(self, call: str, product_id: str | None) -> Faults:
        """Return what happens to one call, and count it if it is affected.

        A share of errors is settled here: it becomes a status or nothing.
        """
        for position, faults in enumerate(self.sets):
            if faults.affects(call, product_id):
                return self._settle(position, faults)
        return NO_FAULTS

    def _settle(self, position: int, faults: Faults) -> Faults:
        if faults.first is not None:
            fewer = replace(faults, first=faults.first - 1)
            self.sets = (*self.sets[:position], fewer, *self.sets[position + 1 :])
        if faults.status is None and self._random.random() < faults.error_rate:
            return replace(faults, status=500)
        return faults
