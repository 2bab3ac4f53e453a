"""Keep prices at hand for movers.

What can be told from what is stored is filled in here. The prices that hours began with, of
hours that are not sealed yet, come as the hours are sealed; until then, products are left out of
movers since then. That goes also for products whose last price was sealed before they sold out.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FIRST_PRICES = """
    INSERT INTO first_prices (product_id, price, at)
    SELECT product_id, price, at FROM (
        SELECT product_id, price, at,
            row_number() OVER (PARTITION BY product_id ORDER BY at, price) AS place
        FROM (
            SELECT product_id, price, observed_at AS at
            FROM price_points WHERE items_in_stock > 0
            UNION ALL
            SELECT product_id, coalesce(open, first),
                CASE WHEN open IS NULL THEN first_at ELSE hour END
            FROM price_hours
            WHERE aggregate = 'best' AND (open IS NOT NULL OR first IS NOT NULL)
        ) AS priced
    ) AS placed
    WHERE place = 1
"""

#: Of a product that is sold out now, the offer that was buyable last is the one whose last
#: buyable state ended last.
_LAST_PRICES = """
    INSERT INTO last_prices (product_id, price, until, observed_at, offer_id)
    SELECT product_id, price, until, max(observed_at), offer_id FROM (
        SELECT product_id, price, until, offer_id,
            row_number() OVER (PARTITION BY product_id ORDER BY until DESC, price, offer_id)
                AS place
        FROM (
            SELECT product_id, price, items_in_stock, offer_id,
                lead(observed_at) OVER (
                    PARTITION BY product_id, offer_id ORDER BY observed_at
                ) AS until
            FROM price_points
            WHERE product_id IN (SELECT product_id FROM product_sync WHERE best_price IS NULL)
        ) AS states
        WHERE items_in_stock > 0
    ) AS placed
    JOIN polls USING (product_id)
    WHERE place = 1 AND observed_at < until
    GROUP BY product_id, price, until, offer_id
"""


def upgrade() -> None:
    op.create_table(
        "first_prices",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_first_prices_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_first_prices")),
    )
    op.create_index(op.f("ix_first_prices_at"), "first_prices", ["at"])
    op.create_table(
        "last_prices",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_last_prices_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_last_prices")),
    )
    op.create_table(
        "price_starts",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_price_starts_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "hour", name=op.f("pk_price_starts")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_price_starts_hour"), "price_starts", ["hour"])
    _index_hours("hour", "product_id", "open", "first")
    if op.get_context().dialect.name == "postgresql":
        # The index alone answers only where a vacuum came by. What is sealed is never changed,
        # so that by default it would come too seldom.
        op.execute(
            "ALTER TABLE price_hours SET ("
            "autovacuum_vacuum_insert_scale_factor = 0, "
            "autovacuum_vacuum_insert_threshold = 100000)"
        )
    op.execute(_FIRST_PRICES)
    op.execute(_LAST_PRICES)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE price_hours RESET ("
            "autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_insert_threshold)"
        )
    _index_hours("hour", "product_id")
    op.drop_table("price_starts")
    op.drop_table("last_prices")
    op.drop_table("first_prices")


def _index_hours(*columns: str) -> None:
    """Replace the index of the hours of the best price."""
    op.drop_index("ix_price_hours_best_by_hour", table_name="price_hours")
    op.create_index(
        "ix_price_hours_best_by_hour",
        "price_hours",
        columns,
        sqlite_where=sa.text("aggregate = 'best'"),
        postgresql_where=sa.text("aggregate = 'best'"),
    )
