"""What can go wrong, as the domain sees it: no HTTP statuses of ours, no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


class AggregatorError(Exception):
    """The root of every error that the product raises on purpose."""


class SettingsError(AggregatorError):
    """The environment holds settings that the product cannot start with."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("\n".join(f"{name} {fault}" for name, fault in faults.items()))
        self.faults = faults


class DatabaseNotMigrated(AggregatorError):
    """The database lacks tables or columns that the code works with."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the database is not migrated ({reason}): run flask --app wsgi db upgrade"
        )
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request.

    ``location`` is ``pointer`` (JSON pointer into the body, RFC 6901), ``parameter`` or
    ``header``; ``where`` names the place in it; ``code`` is for programs, ``detail`` for people.
    """

    location: str
    where: str
    code: str
    detail: str


def pointer_to(*steps: str) -> str:
    """Return the JSON pointer that leads to a place by these names."""
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)


class InvalidInput(AggregatorError):
    """A request can be read, but not carried out as it is. Holds all its faults."""

    def __init__(self, faults: list[Fault]) -> None:
        told = (
            f"{fault.where}: {fault.detail}" if fault.where else fault.detail for fault in faults
        )
        super().__init__(" ".join(told))
        self.faults = faults


class UnreadableFile(AggregatorError):
    """What was sent to be imported is not what it claims to be."""


class ProductNotFound(AggregatorError):
    """No product has the given id."""

    def __init__(self, product_id: UUID) -> None:
        super().__init__(f"There is no product {product_id}.")
        self.product_id = product_id


class ProductExists(AggregatorError):
    """Another product has the given id already."""

    def __init__(self, product_id: UUID) -> None:
        super().__init__(f"There is a product {product_id} already.")
        self.product_id = product_id


class ProductChanged(AggregatorError):
    """The product is no longer in a version that the client would change."""

    def __init__(self, product_id: UUID, version: int) -> None:
        super().__init__(f"Product {product_id} is in version {version}, which is ruled out.")
        self.product_id = product_id
        self.version = version


class IdempotencyKeyInUse(AggregatorError):
    """The first request with the same idempotency key is still under way."""

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still under way.")


class IdempotencyKeyReused(AggregatorError):
    """The same idempotency key came with another request before."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was sent with another request before.")


class Unauthorized(AggregatorError):
    """A call asks for an API token, and there is none, or no good one.

    Of a token that is not good, nobody is told whether it ever was.
    """

    def __init__(self, *, token_sent: bool) -> None:
        super().__init__(
            "This token is unknown, expired or revoked."
            if token_sent
            else "This call asks for a token. Send it as Authorization: Bearer <token>."
        )
        self.token_sent = token_sent


class InsufficientScope(AggregatorError):
    """The API token is good, but does not allow the call."""

    def __init__(self) -> None:
        super().__init__("This call asks for a token of the scope write; this one may only read.")


class TokenNameTaken(AggregatorError):
    """A good API token has the given name already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a good token named {name!r} already: revoke it first")


class TokenNotFound(AggregatorError):
    """No API token has the given id or name."""

    def __init__(self, id_or_name: str) -> None:
        super().__init__(f"there is no token {id_or_name!r}")


class ImportFailed(AggregatorError):
    """Some rows of an import cannot be accepted, so that none was.

    ``report`` tells which: a :class:`aggregator.services.imports.ImportReport`.
    """

    def __init__(self, n_failed: int, report: object) -> None:
        super().__init__(f"{n_failed:,} of the rows cannot be imported, so that none was.")
        self.report = report


class CopyFailed(AggregatorError):
    """A database was not copied into another, in which nothing was changed."""


class OfferNotFound(AggregatorError):
    """The product never had an offer with the given id."""

    def __init__(self, product_id: UUID, offer_id: UUID) -> None:
        super().__init__(f"Product {product_id} never had an offer {offer_id}.")
        self.product_id = product_id
        self.offer_id = offer_id
