"""The catalogue: creating, reading, changing and deleting products."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import Table, bindparam, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from aggregator.errors import ProductChanged, ProductExists, ProductNotFound
from aggregator.models import PriceSeal, Product, ProductSync
from aggregator.services.claims import Claim, Registration, lease_end
from aggregator.services.paging import AnyRow, AnySelect
from aggregator.services.search import derive_columns

#: Whether a product's last successful poll was before the parameter ``stale_before``, or never.
IS_STALE = or_(
    ProductSync.checked_at.is_(None), ProductSync.checked_at < bindparam("stale_before")
).label("stale")

#: Where products stand at the offers service. It wants the parameter of :data:`IS_STALE`.
STATES: AnySelect = select(
    Product.id,
    Product.version,
    Product.created_at,
    Product.updated_at,
    ProductSync.registered_at,
    ProductSync.registration_error,
    ProductSync.best_price,
    ProductSync.offers_count,
    ProductSync.checked_at,
    IS_STALE,
).join(ProductSync, ProductSync.product_id == Product.id)

#: The same with what people wrote.
PRODUCTS: AnySelect = STATES.add_columns(Product.name, Product.description)

# On tables rather than models: SQLAlchemy takes half the time for these.
_PRODUCTS, _SYNC = cast(Table, Product.__table__), cast(Table, ProductSync.__table__)
_INSERT_PRODUCT = {
    name: insert(_PRODUCTS).on_conflict_do_nothing().returning(_PRODUCTS.c.id)
    for name, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
}
_INSERT_SYNC = insert(_SYNC)


def create_product(
    session: Session, *, product_id: UUID | None, name: str, description: str, now: datetime
) -> Claim:
    """Create a product and claim it, so that nobody else registers it meanwhile.

    Who dies with the claim in hand loses nothing: when its lease ends a poller registers
    the product.

    :param product_id: None for a new one.
    :raises ProductExists: There is a product with this id.
    """
    claim = Claim(product_id or uuid4(), lease_end(now), 0, Registration(name, description))
    row = {
        "id": claim.product_id,
        "name": name,
        "description": description,
        "created_at": now,
        "updated_at": now,
        **derive_columns(name, description),
    }
    created = session.execute(_INSERT_PRODUCT[session.get_bind().dialect.name], row)
    if created.first() is None:
        raise ProductExists(claim.product_id)
    session.execute(_INSERT_SYNC, {"product_id": claim.product_id, "due_at": claim.lease_end})
    return claim


def get_product(session: Session, product_id: UUID, *, stale_before: datetime) -> AnyRow:
    """Return a product with where it stands at the offers service.

    :param stale_before: a product last polled before this is stale.
    :raises ProductNotFound: There is none.
    """
    return _get(session, product_id, PRODUCTS, stale_before)


def get_product_state(session: Session, product_id: UUID, *, stale_before: datetime) -> AnyRow:
    """Return what :func:`get_product` does but the text, which may be long.

    :raises ProductNotFound: There is none.
    """
    return _get(session, product_id, STATES, stale_before)


def find_products(
    session: Session, product_ids: Collection[UUID], *, stale_before: datetime
) -> dict[UUID, AnyRow]:
    """Return products by their ids, as :func:`get_product` does; without those there are not."""
    query = PRODUCTS.where(Product.id.in_(product_ids))
    return {row.id: row for row in session.execute(query, {"stale_before": stale_before})}


def list_ids(session: Session, *, unregistered_only: bool = False) -> list[UUID]:
    """Return the ids of all products, or of those the offers service does not know yet."""
    query = select(ProductSync.product_id).order_by(ProductSync.due_at)
    if unregistered_only:
        query = query.where(ProductSync.registered_at.is_(None))
    return list(session.scalars(query))


def update_product(
    session: Session,
    product_id: UUID,
    changes: dict[str, str],
    *,
    now: datetime,
    expected: Collection[int] | None = None,
    excluded: Collection[int] = (),
) -> None:
    """Change a product's name, description or both; equal values change nothing.

    A product that is not registered yet is offered to the offers service again at once, as
    it stands now; an attempt under way with the old text counts for nothing.

    :param expected: versions to change, None for all.
    :param excluded: versions to leave alone.
    :raises ProductNotFound: There is none.
    :raises ProductChanged: It is in another version than these allow.
    """
    # First this row and then the product's own, as everybody does: see delete_product.
    session.execute(
        update(ProductSync)
        .where(ProductSync.product_id == product_id, ProductSync.registered_at.is_(None))
        .values(due_at=now)
    )
    before = _lock_product(session, product_id, expected, excluded)
    after = before | changes
    if after != before:
        session.execute(
            update(Product)
            .where(Product.id == product_id)
            .values(**after, **derive_columns(**after), version=Product.version + 1, updated_at=now)
        )


def delete_product(
    session: Session,
    product_id: UUID,
    *,
    expected: Collection[int] | None = None,
    excluded: Collection[int] = (),
) -> None:
    """Delete a product with its offers and its history.

    :param expected: versions to delete, None for all.
    :param excluded: versions to leave alone.
    :raises ProductNotFound: There is none.
    :raises ProductChanged: It is in another version than these allow.
    """
    # Who polls it locks its row of the sync first, and may then add its seal; who seals it locks
    # the seal; both lock the product's own row later. In another order, they and a delete would
    # wait in a circle.
    session.execute(delete(ProductSync).where(ProductSync.product_id == product_id))
    session.execute(delete(PriceSeal).where(PriceSeal.product_id == product_id))
    _lock_product(session, product_id, expected, excluded)
    session.execute(delete(Product).where(Product.id == product_id))


def _lock_product(
    session: Session,
    product_id: UUID,
    expected: Collection[int] | None,
    excluded: Collection[int],
) -> dict[str, str]:
    """Keep everybody else from changing a product in the right version; return its text."""
    found = session.execute(
        # The mildest lock that keeps changes off: who stores its offers need not wait.
        select(Product.version, Product.name, Product.description)
        .where(Product.id == product_id)
        .with_for_update(key_share=True)
    ).first()
    if found is None:
        raise ProductNotFound(product_id)
    version, name, description = found
    if version in excluded or (expected is not None and version not in expected):
        raise ProductChanged(product_id, version)
    return {"name": name, "description": description}


def _get(session: Session, product_id: UUID, query: AnySelect, stale_before: datetime) -> AnyRow:
    one = query.where(Product.id == product_id)
    row = session.execute(one, {"stale_before": stale_before}).first()
    if row is None:
        raise ProductNotFound(product_id)
    return row
