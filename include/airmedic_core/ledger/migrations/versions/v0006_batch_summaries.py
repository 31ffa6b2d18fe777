"""The few numbers of each batch that a page over the whole fleet shows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NUMBERS = ("metric_value", "metric_low", "metric_high", "metric_limit", "largest_move", "rows_expected")


def upgrade() -> None:
    """Add the columns. They are empty in rows of before, so that none has to be sealed anew."""
    op.add_column("batches", sa.Column("metric_name", sa.String(length=63), nullable=True))
    op.add_column("batches", sa.Column("metric_higher_is_better", sa.Boolean(), nullable=True))
    for name in _NUMBERS:
        op.add_column("batches", sa.Column(name, sa.Float(precision=53), nullable=True))
    op.add_column("batches", sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=True))
