"""The trends of all models out of an index alone."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put what trends show into the index of the windows. No row changes, so that none has to be sealed anew."""
    # The new one first: while it is made, questions find the old one.
    op.create_index(
        "ix_batches_trend", "batches", ["model", "window_start", "metric_value", "largest_move"], unique=False
    )
    op.drop_index("ix_batches_model_window_start", table_name="batches")
