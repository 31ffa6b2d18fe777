"""Locks across processes and machines: leases in the database, so that a holder who dies lets go by himself."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from sqlalchemy import delete, insert, select, update

from airmedic_core.errors import LedgerBusyError, LedgerError
from airmedic_core.ledger.store import Store
from airmedic_core.ledger.tables import locks

_POLL_SECONDS = 0.05

_RENEWALS = 3
"""Times that a lease is renewed before it would end: one renewal may fail where the ledger is busy."""


@dataclass(frozen=True)
class Hold:
    """A name that this process holds, until another process has taken it for dead."""

    ledger: Locks
    name: str
    holder: str
    seconds: float

    def require(self) -> None:
        """Renew the lease, or stop a process that was taken for dead: another one goes on with its work.

        Raises
        ------
        LedgerBusyError
            If another process holds the name now. A retry finds what that one has done.
        """
        if not self.ledger.renew(self.name, self.holder, self.seconds):
            raise LedgerBusyError(
                f"{self.name!r} was taken over by another process.", "Retry: what the other one has done stands."
            )


def _keep_renewing(hold: Hold, ended: Event) -> None:
    while not ended.wait(hold.seconds / _RENEWALS):
        try:
            hold.require()
        except LedgerError:
            # Either the ledger is busy, and the next renewal is in time, or the next step asks and learns it.
            continue


class Locks(Store):
    """One holder of a name at a time. Locks leave no trace in the audit chain."""

    @contextmanager
    def lock(self, name: str, *, seconds: float = 30, wait_seconds: float | None = None) -> Iterator[str]:
        """Hold a name while the block runs. Not re-entrant.

        Parameters
        ----------
        name : str
            What is to be done by one process at a time.
        seconds : float
            The lease: how long it is held at the most, should its holder die.
        wait_seconds : float, optional
            How long to wait for another holder; as long as the lease where not given.

        Yields
        ------
        str
            The holder, which is another at each call.

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
            yield holder
        finally:
            with self._writing() as connection:
                connection.execute(delete(locks).where(locks.c.name == name, locks.c.holder == holder))

    @contextmanager
    def hold(self, name: str, *, seconds: float = 30, wait_seconds: float = 60) -> Iterator[Hold]:
        """Hold a name for as long as the block runs, however long that is: its lease is renewed in the background.

        Parameters
        ----------
        name : str
            What is to be done by one process at a time.
        seconds : float
            The lease: how long others wait for a holder that died.
        wait_seconds : float
            How long to wait for another holder.

        Yields
        ------
        Hold
            Ask it before each step that must not be taken by two.

        Raises
        ------
        LedgerBusyError
            If another holds it all that time. A retry helps.
        """
        with self.lock(name, seconds=seconds, wait_seconds=wait_seconds) as holder:
            hold, ended = Hold(self, name, holder, seconds), Event()
            renewal = Thread(target=_keep_renewing, args=(hold, ended), name=f"hold {name}", daemon=True)
            renewal.start()
            try:
                yield hold
            finally:
                ended.set()
                renewal.join()

    def renew(self, name: str, holder: str, seconds: float) -> bool:
        """Prolong a lease; return whether it was still the holder's.

        Parameters
        ----------
        name : str
            What is locked.
        holder : str
            The holder, as it was told when it took the lease.
        seconds : float
            How long the lease lasts from now on.
        """
        mine = (locks.c.name == name) & (locks.c.holder == holder)
        with self._writing() as connection:
            if connection.execute(select(locks.c.name).where(mine)).first() is None:
                return False
            expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
            connection.execute(update(locks).where(mine).values(expires_at=expires_at))
        return True

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
