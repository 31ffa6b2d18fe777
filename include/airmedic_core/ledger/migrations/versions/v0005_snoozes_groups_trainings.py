"""Says how long a rejection holds, the groups of whoever answers, and what trainings took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table. No row changes, so that none has to be sealed anew."""
    op.add_column("approvals", sa.Column("snooze_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("approvals", sa.Column("member_of", sa.JSON(), nullable=True))
    op.create_table(
        "trainings",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model", sa.String(length=63), nullable=False),
        sa.Column("incident_id", sa.String(length=255), nullable=False),
        sa.Column("proposal_hash", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_trainings")),
    )
    op.create_index(op.f("ix_trainings_started_at"), "trainings", ["started_at"], unique=False)
