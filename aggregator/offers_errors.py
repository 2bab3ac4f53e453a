"""What can go wrong in a call of the offers service, for whoever made it."""

from __future__ import annotations

from uuid import UUID

from aggregator.errors import AggregatorError


class OffersServiceError(AggregatorError):
    """A call of the offers service did not give what it was made for.

    No message of this tree holds an address or a token: they reach logs and users.
    """


class OffersServiceNotConfigured(OffersServiceError):
    """There is no base URL to call."""

    def __init__(self) -> None:
        super().__init__("no offers service is configured: set OFFERS_BASE_URL")


class AttemptCrashed(OffersServiceError):
    """A fault of ours, which the log tells."""

    def __init__(self) -> None:
        super().__init__("a fault of the aggregator's own: see its log")


class OffersServiceUnavailable(OffersServiceError):
    """No usable answer: the same call may succeed later.

    ``retry_after_s`` is how many seconds the service asked us to wait, None where it did not.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyRequests(OffersServiceUnavailable):
    """The service asks for fewer requests (429), of whichever products they are."""


class OffersServiceUnreachable(OffersServiceUnavailable):
    """No connection came about, so the failure cannot be any one product's."""


class UnreadableAnswer(OffersServiceUnavailable):
    """The service answered with something else than what the call promises."""

    def __init__(self, fault: str) -> None:
        super().__init__(f"the offers service's answer is unreadable: {fault}")


class AccessTokenUnavailable(OffersServiceUnavailable):
    """There is no access token to be had now, so no product's call can succeed."""


class AccessTokenUnreadable(OffersServiceError):
    """The access token is kept in a database that is away."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no database: {reason}")


class OffersServiceUnauthorized(OffersServiceError):
    """The service refused the token that the call carried (401)."""

    def __init__(self) -> None:
        super().__init__("the offers service refused the token")


class AnotherTokenValid(OffersServiceError):
    """The service gives no new access token while the one before it lives (400 on sign-up)."""

    def __init__(self) -> None:
        super().__init__("the offers service says that another access token is still valid")


class OffersServiceRejected(OffersServiceError):
    """The service refused the request itself (4xx): repeating it will not help."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"the offers service refused the request ({status}): {detail}")
        self.status = status
        self.detail = detail


class UnknownProduct(OffersServiceError):
    """The service does not know the product: never registered, or forgotten (404)."""

    def __init__(self, product_id: UUID) -> None:
        super().__init__(f"the offers service does not know product {product_id}")
        self.product_id = product_id


class AlreadyRegistered(OffersServiceError):
    """The service knows the product already (409): for us a success."""

    def __init__(self, product_id: UUID) -> None:
        super().__init__(f"the offers service knows product {product_id} already")
        self.product_id = product_id
