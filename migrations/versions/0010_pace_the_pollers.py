"""Pace the pollers."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offers_service_pace",
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("per_s", sa.Double(), nullable=True),
        sa.Column("slowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("per_s > 0", name=op.f("ck_offers_service_pace_per_s_positive")),
        sa.CheckConstraint(
            "(per_s IS NULL) = (slowed_at IS NULL)",
            name=op.f("ck_offers_service_pace_slowed_with_rate"),
        ),
        sa.PrimaryKeyConstraint("base_url", name=op.f("pk_offers_service_pace")),
    )


def downgrade() -> None:
    op.drop_table("offers_service_pace")
