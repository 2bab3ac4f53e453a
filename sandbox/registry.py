"""Which products are registered, and by whom."""

from dataclasses import dataclass

from sandbox.refusal import Refusal


@dataclass(frozen=True)
class Registration:
    """A product as its owner described it."""

    #: The one spelling of the product's id.
    key: str
    #: The id as the answer repeats it.
    id: str | int
    name: str
    description: str


class Registry:
    """The registered products of all accounts."""

    def __init__(self) -> None:
        self._registrations: dict[tuple[str, str], Registration] = {}
        self._since: dict[str, int] = {}

    def add(self, account: str, registration: Registration, tick: int) -> None:
        """Register a product for an account.

        :raises Refusal: The account has registered this id before.
        """
        owned = account, registration.key
        if owned in self._registrations:
            raise Refusal(409, "Product already registered")
        self._registrations[owned] = registration
        self._since.setdefault(registration.key, tick)

    def require(self, account: str, key: str) -> int:
        """Return the tick a product came to the market, if this account has registered it.

        :raises Refusal: It has not.
        """
        if (account, key) not in self._registrations:
            raise Refusal(404, "Product does not exist")
        return self._since[key]

    def since(self, key: str) -> int | None:
        """Return the tick a product was first registered at; None if it never was.

        It outlives :meth:`forget`, so that a product registered again goes on as before.
        """
        return self._since.get(key)

    def forget(self) -> None:
        """Drop all registrations."""
        self._registrations.clear()

    def to_json(self) -> dict[str, object]:
        """Return the registrations without their accounts."""
        found = self._registrations.values()
        return {
            "count": len(found),
            "ids": sorted({registration.key for registration in found}),
            "products": [
                {
                    "id": registration.id,
                    "name": registration.name,
                    "description": registration.description,
                    "since": self._since[registration.key],
                }
                for registration in found
            ],
        }
