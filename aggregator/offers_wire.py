"""What the offers service says, read from the bytes of its answers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import jwt
import msgspec

from aggregator.offers_errors import UnreadableAnswer

#: No product has nearly as many; beyond, an answer is noise and would cost too much.
MAX_OFFERS = 10_000
_HEADER_VALUE = re.compile("[!-~]+")
_MAX_BIGINT = 2**63 - 1
_MAX_UUID = 2**128 - 1
_Count = Annotated[int, msgspec.Meta(ge=0, le=_MAX_BIGINT)]


class RemoteOffer(msgspec.Struct, frozen=True, gc=False):
    """An offer as the service states it."""

    id: UUID
    price: int
    items_in_stock: int


@dataclass(frozen=True, slots=True)
class InvalidOffer:
    """An item of an offer list that says nothing usable.

    ``id`` is None where not even the id could be read.
    """

    id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One product's whole offer list at one instant, in the service's order, ids unique.

    ``observed_at`` is when the answer was complete, UTC, in milliseconds.
    """

    offers: tuple[RemoteOffer, ...]
    invalid: tuple[InvalidOffer, ...]
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token; ``expires_at`` is None where it does not tell or never expires."""

    value: str
    expires_at: datetime | None

    def __repr__(self) -> str:
        return f"AccessToken(expires_at={self.expires_at!r})"


class _Item(msgspec.Struct, frozen=True):
    # msgspec reads any 128 bits as a UUID: the service's ids are not RFC 4122.
    id: UUID | int
    price: _Count
    items_in_stock: _Count


class _ItemId(msgspec.Struct, frozen=True):
    id: UUID | int


_items = msgspec.json.Decoder(list[_Item])
_raw_items = msgspec.json.Decoder(list[msgspec.Raw])
_item = msgspec.json.Decoder(_Item)
_item_id = msgspec.json.Decoder(_ItemId)


def decode_snapshot(body: bytes, observed_at: datetime) -> Snapshot:
    """Read an offer list; an item that is not an offer is reported, the rest counts.

    An id that comes twice with different figures is reported as invalid: which of them
    holds is not known.

    :raises UnreadableAnswer: The body is no JSON list.
    """
    invalid: list[InvalidOffer] = []
    try:
        valid = [_remote_offer(item) for item in _items.decode(body)]
    except (ValueError, RecursionError):
        valid, invalid = _decode_one_by_one(body)
    if len(valid) + len(invalid) > MAX_OFFERS:
        raise UnreadableAnswer(f"more than {MAX_OFFERS} offers")
    offers, contradictions = _unique(valid)
    return Snapshot(offers, (*invalid, *contradictions), observed_at)


def decode_access_token(body: bytes) -> AccessToken:
    """Read the answer of a sign-up.

    :raises UnreadableAnswer: There is no token that could be sent in a header.
    """
    answer = _decode_object(body)
    token = answer.get("access_token")
    if not isinstance(token, str) or not _HEADER_VALUE.fullmatch(token):
        raise UnreadableAnswer("no access_token")
    return AccessToken(token, _expiry(token))


def check_registration(body: bytes, product_id: UUID) -> None:
    """Make sure that an answer confirms the registration of this product.

    :raises UnreadableAnswer: It is something else, such as the page of a proxy.
    """
    if str(_decode_object(body).get("id", "")).lower() != str(product_id):
        raise UnreadableAnswer("no confirmation of the product's registration")


def decode_error(body: bytes, secrets: Iterable[str] = ()) -> str:
    """Return what an error answer says, in any of the service's shapes.

    :param secrets: what may not be told on, should the service quote it.
    :returns: one line of at most 200 characters.
    """
    try:
        answer = _decode_object(body)
    except UnreadableAnswer:
        return "no explanation"
    told = answer.get("detail", answer.get("msg"))
    if isinstance(told, list):
        # An entry's other members quote the request.
        told = "; ".join(str(e.get("msg", "…")) if isinstance(e, dict) else str(e) for e in told)
    for secret in secrets:
        told = str(told or "").replace(secret, "…")
    printable = "".join(c if c.isprintable() else " " for c in str(told or ""))
    return " ".join(printable.split())[:200] or "no explanation"


def _decode_object(body: bytes) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        raise UnreadableAnswer("not JSON") from None
    if not isinstance(answer, dict):
        raise UnreadableAnswer("no JSON object")
    return answer


def _expiry(token: str) -> datetime | None:
    # The claim is called `expires`, not `exp`, and only the service can verify the signature.
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        return datetime.fromtimestamp(claims["expires"], UTC)
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def _remote_offer(item: _Item) -> RemoteOffer:
    return RemoteOffer(_offer_id(item.id), item.price, item.items_in_stock)


def _offer_id(id_: UUID | int) -> UUID:
    """Map generation 1's integers to the UUID with that integer value."""
    if isinstance(id_, UUID):
        return id_
    if not 0 <= id_ <= _MAX_UUID:
        raise ValueError("id out of range")
    return UUID(int=id_)


def _decode_one_by_one(body: bytes) -> tuple[list[RemoteOffer], list[InvalidOffer]]:
    try:
        raw_items = _raw_items.decode(body)
    except (ValueError, RecursionError):
        raise UnreadableAnswer("no JSON list of offers") from None
    if len(raw_items) > MAX_OFFERS:
        raise UnreadableAnswer(f"more than {MAX_OFFERS} offers")
    valid: list[RemoteOffer] = []
    invalid: list[InvalidOffer] = []
    for raw in raw_items:
        try:
            valid.append(_remote_offer(_item.decode(raw)))
        except (ValueError, RecursionError) as error:
            invalid.append(InvalidOffer(_read_id(raw), str(error)[:200]))
    return valid, invalid


def _read_id(raw: msgspec.Raw) -> UUID | None:
    try:
        return _offer_id(_item_id.decode(raw).id)
    except (ValueError, RecursionError):
        return None


def _unique(
    offers: Sequence[RemoteOffer],
) -> tuple[tuple[RemoteOffer, ...], tuple[InvalidOffer, ...]]:
    if len({offer.id for offer in offers}) == len(offers):
        return tuple(offers), ()
    by_id: dict[UUID, set[RemoteOffer]] = defaultdict(set)
    for offer in offers:
        by_id[offer.id].add(offer)
    agreed = tuple(next(iter(said)) for said in by_id.values() if len(said) == 1)
    contradictory = tuple(
        InvalidOffer(id_, "listed more than once with different figures")
        for id_, said in by_id.items()
        if len(said) > 1
    )
    return agreed, contradictory
