"""Seal old history.

Every stored point stays where it is: the poller seals them in its own time. Polls that changed
nothing were not stored so far; those that are known of otherwise are written down.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KNOWN_POLLS = """
    INSERT INTO polls (product_id, observed_at)
    SELECT product_id, observed_at FROM price_points
    UNION SELECT product_id, last_poll_at FROM poll_gaps
    UNION SELECT product_id, ended_at FROM poll_gaps
    UNION SELECT product_id, first_checked_at FROM product_sync WHERE first_checked_at IS NOT NULL
    UNION SELECT product_id, checked_at FROM product_sync WHERE checked_at IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "offer_hours",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_offer_hours_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "hour", name=op.f("pk_offer_hours")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "polls",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_polls_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "observed_at", name=op.f("pk_polls")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "price_detail",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n_changes", sa.Integer(), nullable=False),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_price_detail_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "hour", name=op.f("pk_price_detail")),
    )
    op.create_table(
        "price_hours",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("low_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("high_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("t", sa.Double(), nullable=False),
        sa.Column("tt", sa.Double(), nullable=False),
        sa.Column("price_t", sa.Double(), nullable=False),
        sa.Column("known_ms", sa.Integer(), nullable=False),
        sa.Column("priced_ms", sa.Integer(), nullable=False),
        sa.Column("low_offer_id", sa.Uuid(), nullable=True),
        sa.Column("high_offer_id", sa.Uuid(), nullable=True),
        sa.Column("aggregate", sa.String(length=6), nullable=False),
        sa.Column("open", sa.Numeric(), nullable=True),
        sa.Column("close", sa.Numeric(), nullable=True),
        sa.Column("low", sa.Numeric(), nullable=True),
        sa.Column("high", sa.Numeric(), nullable=True),
        sa.Column("first", sa.Numeric(), nullable=True),
        sa.Column("last", sa.Numeric(), nullable=True),
        sa.Column("integral", sa.Numeric().with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_price_hours_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "aggregate", "hour", name=op.f("pk_price_hours")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_price_hours_best_by_hour",
        "price_hours",
        ["hour", "product_id"],
        sqlite_where=sa.text("aggregate = 'best'"),
        postgresql_where=sa.text("aggregate = 'best'"),
    )

    op.create_table(
        "price_seals",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail_from", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_price_seals_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_price_seals")),
    )
    op.create_index(op.f("ix_price_seals_due_at"), "price_seals", ["due_at"])
    op.execute(_KNOWN_POLLS)
    op.execute(_begin_seals())


def _begin_seals() -> str:
    """Return the statement that begins the seal of every polled product."""
    hour = {
        "postgresql": "date_trunc('hour', first_checked_at, 'UTC')",
        "sqlite": "strftime('%Y-%m-%d %H:00:00.000000', first_checked_at)",
    }[op.get_context().dialect.name]
    return (
        "INSERT INTO price_seals (product_id, due_at, sealed_until, detail_from) "  # noqa: S608
        f"SELECT product_id, first_checked_at, {hour}, {hour} FROM product_sync "
        "WHERE first_checked_at IS NOT NULL"
    )


def downgrade() -> None:
    sealed = sa.text("SELECT 1 FROM offer_hours LIMIT 1")
    if not op.get_context().as_sql and op.get_bind().execute(sealed).first():
        raise RuntimeError("hours of history are sealed: without these tables they would be lost")
    op.drop_table("price_seals")
    op.drop_table("price_hours")
    op.drop_table("price_detail")
    op.drop_table("polls")
    op.drop_table("offer_hours")
