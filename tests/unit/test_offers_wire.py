"""Offer lists are read item by item: what is an offer counts, the rest is reported."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.offers_errors import UnreadableAnswer
from aggregator.offers_wire import InvalidOffer, RemoteOffer, Snapshot, decode_snapshot

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
#: Neither version nor variant is one of RFC 4122's.
ID = UUID("0bf41b2f-5d42-f0b6-0e5b-c6d1c4d0a7aa")
OTHER = UUID("ffffffff-ffff-ffff-ffff-ffffffffffff")
MOST = 2**63 - 1


def _item(**changes: object) -> dict[str, object]:
    return {"id": str(ID), "price": 17782, "items_in_stock": 336} | changes


def _snapshot(*items: object) -> Snapshot:
    return decode_snapshot(json.dumps(items).encode(), NOW)


def test_offers_are_read_in_the_order_of_the_service() -> None:
    snapshot = _snapshot(_item(id=str(OTHER), price=1, items_in_stock=0), _item())
    assert snapshot == Snapshot(
        offers=(RemoteOffer(OTHER, 1, 0), RemoteOffer(ID, 17782, 336)),
        invalid=(),
        observed_at=NOW,
    )


@pytest.mark.parametrize("body", [b"[]", b" [\n] "])
def test_empty_list_is_no_offers(body: bytes) -> None:
    assert decode_snapshot(body, NOW) == Snapshot((), (), NOW)


def test_three_hundred_offers_are_read() -> None:
    snapshot = _snapshot(*(_item(id=str(UUID(int=i)), price=i) for i in range(300)))
    assert snapshot.offers == tuple(RemoteOffer(UUID(int=i), i, 336) for i in range(300))
    assert not snapshot.invalid


@pytest.mark.parametrize(
    ("id_", "expected"),
    [
        pytest.param(str(ID), ID, id="not-rfc-4122"),
        pytest.param(str(ID).upper(), ID, id="upper-case"),
        pytest.param(ID.hex, ID, id="without-dashes"),
        pytest.param(str(UUID(int=0)), UUID(int=0), id="nil"),
        pytest.param(str(OTHER), OTHER, id="all-ones"),
        pytest.param(0, UUID(int=0), id="integer-0"),
        pytest.param(1_548_213, UUID(int=1_548_213), id="generation-1"),
        pytest.param(2**64, UUID(int=2**64), id="integer-over-64-bits"),
        pytest.param(2**128 - 1, OTHER, id="largest-integer"),
    ],
)
def test_id_is_read(id_: object, expected: UUID) -> None:
    assert [offer.id for offer in _snapshot(_item(id=id_)).offers] == [expected]


@pytest.mark.parametrize(
    "id_",
    [
        pytest.param("offer-1", id="text"),
        pytest.param("", id="empty"),
        pytest.param("17", id="digits-in-a-text"),
        pytest.param(-1, id="negative"),
        pytest.param(2**128, id="integer-over-128-bits"),
        pytest.param(1.0, id="float"),
        pytest.param(True, id="true"),
        pytest.param(None, id="null"),
        pytest.param({"id": str(ID)}, id="object"),
    ],
)
def test_item_with_a_bad_id_is_reported_without_one(id_: object) -> None:
    snapshot = _snapshot(_item(id=id_), _item(id=str(OTHER)))
    assert [item.id for item in snapshot.invalid] == [None]
    assert [offer.id for offer in snapshot.offers] == [OTHER]


@pytest.mark.parametrize("value", [0, 1, MOST], ids=["0", "1", "2^63-1"])
@pytest.mark.parametrize("name", ["price", "items_in_stock"])
def test_figure_in_bounds_is_read(name: str, value: int) -> None:
    [offer] = _snapshot(_item(**{name: value})).offers
    assert getattr(offer, name) == value


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(-1, id="negative"),
        pytest.param(MOST + 1, id="2^63"),
        pytest.param(2**70, id="2^70"),
        pytest.param(17782.5, id="fraction"),
        pytest.param(17782.0, id="float"),
        pytest.param("17782", id="string"),
        pytest.param(True, id="true"),
        pytest.param(None, id="null"),
        pytest.param([1], id="list"),
    ],
)
@pytest.mark.parametrize("name", ["price", "items_in_stock"])
def test_bad_figure_spoils_its_item_only(name: str, value: object) -> None:
    snapshot = _snapshot(_item(**{name: value}), _item(id=str(OTHER)))
    assert [item.id for item in snapshot.invalid] == [ID]
    assert name in snapshot.invalid[0].reason
    assert [offer.id for offer in snapshot.offers] == [OTHER]


@pytest.mark.parametrize(
    ("missing", "reported_id"), [("id", None), ("price", ID), ("items_in_stock", ID)]
)
def test_missing_field_is_named(missing: str, reported_id: UUID | None) -> None:
    item = _item()
    del item[missing]
    [invalid] = _snapshot(item).invalid
    assert invalid.id == reported_id
    assert missing in invalid.reason


@pytest.mark.parametrize("item", [1, "offer", None, [], {}, True], ids=json.dumps)
def test_item_that_is_no_offer_is_reported(item: object) -> None:
    snapshot = _snapshot(item, _item())
    assert [invalid.id for invalid in snapshot.invalid] == [None]
    assert [offer.id for offer in snapshot.offers] == [ID]


def test_fields_unknown_to_us_are_ignored() -> None:
    snapshot = _snapshot(_item(currency="CZK", seller={"id": 1, "tags": [None]}))
    assert snapshot.offers == (RemoteOffer(ID, 17782, 336),)


def test_offer_listed_twice_alike_counts_once() -> None:
    snapshot = _snapshot(_item(), _item(id=str(OTHER)), _item(id=ID.hex))
    assert [offer.id for offer in snapshot.offers] == [ID, OTHER]
    assert not snapshot.invalid


@pytest.mark.parametrize(
    "difference", [{"price": 1}, {"items_in_stock": 1}], ids=["price", "stock"]
)
def test_offer_listed_twice_differently_is_invalid(difference: dict[str, object]) -> None:
    snapshot = _snapshot(_item(), _item(id=str(OTHER)), _item(**difference), _item())
    assert [offer.id for offer in snapshot.offers] == [OTHER]
    assert snapshot.invalid == (InvalidOffer(ID, "listed more than once with different figures"),)


def test_reason_does_not_grow_with_the_answer() -> None:
    snapshot = _snapshot({"id": str(ID), "price": "9" * 10_000, "items_in_stock": 1})
    assert len(snapshot.invalid[0].reason) <= 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="object"),
        pytest.param(b'{"offers": []}', id="envelope"),
        pytest.param(b'{"detail": "Product does not exist"}', id="error"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"[]"', id="string"),
        pytest.param(b"<!doctype html><title>Sandbox</title>", id="html"),
        pytest.param(json.dumps([_item(), _item()]).encode()[:-1], id="truncated-at-the-end"),
        pytest.param(json.dumps([_item(), _item()]).encode()[:50], id="truncated"),
        pytest.param(b"[] []", id="two-lists"),
        pytest.param(b"[\xff]", id="not-utf-8"),
        pytest.param("[]".encode("utf-16"), id="utf-16"),
        pytest.param(b"[" * 100_000, id="deep-and-open"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="deep"),
        pytest.param(b'[{"x":' * 50_000 + b"1" + b"}]" * 50_000, id="deep-objects"),
    ],
)
def test_anything_but_a_list_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer, match="unreadable: no JSON list of offers"):
        decode_snapshot(body, NOW)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ids = st.integers(0, 3).map(lambda i: str(UUID(int=i))) | st.integers(-1, 2**129) | json_values
figures = st.integers(0, 3) | st.integers() | json_values
near_offers = st.fixed_dictionaries(
    {}, optional={"id": ids, "price": figures, "items_in_stock": figures, "extra": json_values}
)


@given(items=st.lists(near_offers | json_values, max_size=12))
def test_any_json_list_is_a_snapshot(items: list[Any]) -> None:
    # json writes NaN and Infinity, which JSON does not have.
    text = json.dumps(items).replace("NaN", "null").replace("Infinity", "1e999")
    snapshot = decode_snapshot(text.encode(), NOW)
    offer_ids = [offer.id for offer in snapshot.offers]
    assert len(set(offer_ids)) == len(offer_ids)
    assert all(0 <= offer.price <= MOST for offer in snapshot.offers)
    assert all(0 <= offer.items_in_stock <= MOST for offer in snapshot.offers)
    assert len(snapshot.offers) + len(snapshot.invalid) <= len(items)
    assert bool(items) == bool(snapshot.offers or snapshot.invalid)


@given(
    body=st.binary(max_size=60) | st.text('[]{}",:0123456789.eE+-idprcetrufalsn ').map(str.encode)
)
def test_any_bytes_are_a_snapshot_or_unreadable(body: bytes) -> None:
    try:
        snapshot: Snapshot | None = decode_snapshot(body, NOW)
    except UnreadableAnswer:
        snapshot = None
    assert snapshot is None or snapshot.observed_at == NOW
