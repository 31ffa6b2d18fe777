"""Says what approvers were shown and how long they looked, and a faster way into the audit chain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the indexes. The ledger then seals every row as it stands."""
    op.add_column("approvals", sa.Column("shown_sha256", sa.String(length=64), nullable=True))
    op.add_column("approvals", sa.Column("review_seconds", sa.Float(precision=53), nullable=True))
    for column in ("subject", "hash"):
        op.create_index(op.f(f"ix_audit_{column}"), "audit", [column], unique=False)
