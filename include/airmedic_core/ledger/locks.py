"""Locks across processes and machines: leases in the database, so that a holder who dies lets go by himself."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select, update

from airmedic_core.errors import LedgerBusyError
from airmedic_core.ledger.store import Store
from airmedic_core.ledger.tables import locks

_POLL_SECONDS = 0.05


class Locks(Store):
    """One holder of a name at a time. Locks leave no trace in the audit chain."""

    @contextmanager
    def lock(self, name: str, *, seconds: float = 30, wait_seconds: float | None = None) -> Iterator[None]:
        """Hold a name while the block runs. Not re-entrant.

        Parameters
        ----------
        name : str
            What is to be done by one process at a time.
        seconds : float
            The lease: how long it is held at the most, should its holder die.
        wait_seconds : float, optional
            How long to wait for another holder; as long as the lease where not given.

        Raises
        ------
        LedgerBusyError
            If another holds it all that time. A retry helps.
        """
        holder = uuid.uuid4().hex
        deadline = time.monotonic() + (seconds if wait_seconds is None else wait_seconds)
        while not self._take(name, holder, seconds):
            if time.monotonic() >= deadline:
                raise LedgerBusyError(
                    f"{name!r} is locked by another process.",
                    "Retry when it is done; if it died, its lock ends by itself.",
                )
            time.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            with self._writing() as connection:
                connection.execute(delete(locks).where(locks.c.name == name, locks.c.holder == holder))

    def _take(self, name: str, holder: str, seconds: float) -> bool:
        now = datetime.now(UTC)
        lease = {"holder": holder, "expires_at": now + timedelta(seconds=seconds)}
        with self._writing() as connection:
            ends = connection.execute(select(locks.c.expires_at).where(locks.c.name == name)).scalar()
            if ends is not None and ends > now:
                return False
            if ends is None:
                connection.execute(insert(locks).values(name=name, **lease))
            else:
                connection.execute(update(locks).where(locks.c.name == name).values(lease))
        return True
