"""Runs the migrations inside the transaction that the ledger opened for them."""

from __future__ import annotations

from alembic import context

from airmedic_core.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
