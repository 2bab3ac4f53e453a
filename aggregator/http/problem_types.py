"""Every kind of problem that the API answers with: what it means, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from aggregator.errors import (
    AggregatorError,
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
    ImportFailed,
    InsufficientScope,
    InvalidInput,
    OfferNotFound,
    ProductChanged,
    ProductExists,
    ProductNotFound,
    Unauthorized,
    UnreadableFile,
)


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of problem. Its ``slug`` names the page that explains it."""

    slug: str
    status: HTTPStatus
    title: str
    meaning: str
    """What happened, in a sentence or two."""
    remedy: str
    """What the client can do about it."""

    @property
    def path(self) -> str:
        """Where the page is: the ``type`` of problems."""
        return f"/problems/{self.slug}"


INTERNAL_ERROR = ProblemType(
    "internal-error",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "Internal error",
    "Something went wrong on our side that nobody foresaw. Nothing was half-written.",
    "Try again once. If it happens again, tell the operator the request_id: the log holds "
    "the rest.",
)
DATABASE_UNAVAILABLE = ProblemType(
    "database-unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Database unavailable",
    "The database cannot be reached, is too busy, or is not prepared for this release yet. "
    "Nothing was changed.",
    "Wait as many seconds as Retry-After says, then send the same request again.",
)

#: Kinds of problems that HTTP itself knows, by status.
BY_STATUS = {
    type_.status: type_
    for type_ in (
        ProblemType(
            "unreadable-request",
            HTTPStatus.BAD_REQUEST,
            "Unreadable request",
            "The request cannot be read: broken JSON, text that is not UTF-8, a body that is "
            "shorter than announced, or a NUL character in the path.",
            "Correct the request; detail says what is wrong with it.",
        ),
        ProblemType(
            "not-found",
            HTTPStatus.NOT_FOUND,
            "Not Found",
            "There is nothing at this address.",
            "Check the path. Ids are UUIDs; what is malformed is not found.",
        ),
        ProblemType(
            "method-not-allowed",
            HTTPStatus.METHOD_NOT_ALLOWED,
            "Method Not Allowed",
            "What is at this address does not take this method. Offers, for example, are "
            "read-only.",
            "Use one of the methods that the Allow header names.",
        ),
        ProblemType(
            "body-too-large",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "Body too large",
            "The body is larger than this call takes: 1 MiB, for imports 64 MiB.",
            "Send less at once. A large catalogue can be imported in several files.",
        ),
        ProblemType(
            "unsupported-media-type",
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Unsupported Media Type",
            "The body is of a kind, or in a coding, that this call does not read.",
            "Send a Content-Type that the call takes, and no Content-Encoding.",
        ),
        ProblemType(
            "rate-limit-exceeded",
            HTTPStatus.TOO_MANY_REQUESTS,
            "Rate limit exceeded",
            "This client has sent more requests than the operator allows in a time.",
            "Wait as many seconds as Retry-After says. RateLimit and RateLimit-Policy tell "
            "how much is left, and what the limit is.",
        ),
        INTERNAL_ERROR,
        DATABASE_UNAVAILABLE,
    )
}

#: Kinds of problems of our own, by the error that stands for them.
BY_ERROR: dict[type[AggregatorError], ProblemType] = {
    InvalidInput: ProblemType(
        "invalid-input",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Invalid input",
        "The request can be read, but holds values that cannot be accepted. Nothing was changed.",
        "Correct what errors names, all of it at once: each fault has its place in the request, "
        "a code for programs and words for people.",
    ),
    UnreadableFile: BY_STATUS[HTTPStatus.BAD_REQUEST],
    Unauthorized: ProblemType(
        "unauthorized",
        HTTPStatus.UNAUTHORIZED,
        "Unauthorized",
        "This call asks for a token, and the request carries none, or one that is unknown, "
        "expired or revoked.",
        "Send Authorization: Bearer with a good token. The operator makes one with "
        "flask tokens create.",
    ),
    InsufficientScope: ProblemType(
        "insufficient-scope",
        HTTPStatus.FORBIDDEN,
        "Insufficient scope",
        "The token is good, but its scope is read, and this call changes something.",
        "Use a token with the scope write.",
    ),
    ProductNotFound: ProblemType(
        "product-not-found",
        HTTPStatus.NOT_FOUND,
        "Product not found",
        "No product has this id: it never did, or was deleted.",
        "Look for the product in the list of products.",
    ),
    OfferNotFound: ProblemType(
        "offer-not-found",
        HTTPStatus.NOT_FOUND,
        "Offer not found",
        "The product never had an offer with this id.",
        "Look for the offer in the product's list of offers, or in its history.",
    ),
    ProductExists: ProblemType(
        "product-exists",
        HTTPStatus.CONFLICT,
        "Product exists already",
        "The id that was sent with a new product is taken.",
        "Change the product that has it with PUT or PATCH, or leave the id out to get a new one.",
    ),
    ProductChanged: ProblemType(
        "product-changed",
        HTTPStatus.PRECONDITION_FAILED,
        "Product in another version",
        "The product is in no version that If-Match names, or in one that If-None-Match does; most "
        "often since somebody changed it after it was read. Weak tags match nothing in If-Match. "
        "Nothing was changed.",
        "Read the product again, see whether the edit still makes sense, and send it with the "
        "new ETag.",
    ),
    IdempotencyKeyInUse: ProblemType(
        "idempotency-key-in-use",
        HTTPStatus.CONFLICT,
        "Request still under way",
        "The first request with this Idempotency-Key is still being carried out.",
        "Wait as many seconds as Retry-After says, then send the same request again to get the "
        "first one's answer.",
    ),
    IdempotencyKeyReused: ProblemType(
        "idempotency-key-reused",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Idempotency key reused",
        "This Idempotency-Key was sent within the last 24 hours with another request.",
        "Make a new key for every new request, and repeat it only with the very same one.",
    ),
    ImportFailed: ProblemType(
        "import-failed",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Import failed",
        "Some rows of the file cannot be imported, so that nothing was: rows names them, with "
        "all faults of each.",
        "Correct these rows and send the file again, or leave them out with on_error=skip.",
    ),
}

#: All kinds by their slugs.
PROBLEM_TYPES = {type_.slug: type_ for type_ in (*BY_STATUS.values(), *BY_ERROR.values())}
