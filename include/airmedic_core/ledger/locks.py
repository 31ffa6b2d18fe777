"""Locks across processes and machines: leases in the database, which end by themselves when their holder has died."""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Self

from sqlalchemy import Connection, delete, func, insert, select, update

from airmedic_core.errors import LedgerBusyError, LedgerError
from airmedic_core.ledger.store import Store
from airmedic_core.ledger.tables import locks
from airmedic_core.windows import as_utc

_POLL_SECONDS = 0.05

_RENEWALS = 3
"""Times that a lease is renewed before it would end: one renewal may fail where the ledger is busy."""


def acting_on_production(model: str) -> str:
    """Return the name that a process holds while it changes a model's production."""
    return f"act on the production of {model}"


@dataclass(frozen=True)
class Hold:
    """A name that this process holds, until another process has taken it for dead."""

    ledger: Locks
    name: str
    holder: str
    seconds: float

    def require(self) -> None:
        """Renew the lease, or stop this process if it was taken for dead and another one goes on with its work.

        Raises
        ------
        LedgerBusyError
            If another process holds the name now. A retry finds what that one has done.
        """
        if not self.ledger.renew(self.name, self.holder, self.seconds):
            raise _taken_over(self.name)


def _taken_over(name: str) -> LedgerBusyError:
    return LedgerBusyError(f"{name!r} was taken over by another process.", "Retry: what the other one has done stands.")


def _keep_renewing(hold: Hold, ended: Event, most_seconds: float) -> None:
    give_up_at = time.monotonic() + most_seconds
    while not ended.wait(hold.seconds / _RENEWALS):
        if time.monotonic() >= give_up_at:
            # What takes so long hangs, and must not keep others away for as long as its process lives.
            return
        try:
            hold.require()
        except LedgerError:
            # Either the ledger is busy, and the next renewal is in time, or the next step asks and learns it.
            continue


class Locks(Store):
    """One holder of a name at a time. Locks leave no trace in the audit chain."""

    @contextmanager
    def lock(self, name: str, *, seconds: float | None = None, wait_seconds: float | None = None) -> Iterator[str]:
        """Hold a name while the block runs. Not re-entrant.

        Parameters
        ----------
        name : str
            What is to be done by one process at a time.
        seconds : float, optional
            The lease: how long it is held at the most, should its holder die; the ledger's own where not given.
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
        seconds = self.lease_seconds if seconds is None else seconds
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
    def hold(
        self, name: str, *, most_seconds: float, seconds: float | None = None, wait_seconds: float | None = None
    ) -> Iterator[Hold]:
        """Hold a name while the block runs: its lease is renewed in the background, up to a deadline.

        Parameters
        ----------
        name : str
            What is to be done by one process at a time.
        most_seconds : float
            The deadline: a block that runs longer hangs, and another process may take the name over.
        seconds : float, optional
            The lease: how long others wait for a holder that died; the ledger's own where not given.
        wait_seconds : float, optional
            How long to wait for another holder; twice the lease where not given, so that a dead one has let go.

        Yields
        ------
        Hold
            Ask it before each step that must not be taken by two.

        Raises
        ------
        LedgerBusyError
            If another holds it all that time. A retry helps.
        """
        seconds = self.lease_seconds if seconds is None else seconds
        wait_seconds = 2 * seconds if wait_seconds is None else wait_seconds
        with self.lock(name, seconds=seconds, wait_seconds=wait_seconds) as holder:
            hold, ended = Hold(self, name, holder, seconds), Event()
            renewal = Thread(target=_keep_renewing, args=(hold, ended, most_seconds), name=f"hold {name}", daemon=True)
            renewal.start()
            try:
                yield hold
            finally:
                ended.set()
                # A renewal may hang with the ledger; what is done must not wait for it.
                renewal.join(seconds)

    def fenced(self, hold: Hold) -> Self:
        """Return this ledger for the holder of a name: it writes nothing once another process has taken the name over.

        Whether it is still held is asked in the transaction of each write, so that nothing comes between.
        """

        def fence(connection: Connection) -> None:
            mine = (locks.c.name == hold.name) & (locks.c.holder == hold.holder)
            if connection.execute(select(locks.c.name).where(mine)).first() is None:
                raise _taken_over(hold.name)

        ledger = copy.copy(self)
        ledger._fence = fence  # noqa: SLF001  a copy of its own
        return ledger

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
            expires_at = _now(connection) + timedelta(seconds=seconds)
            connection.execute(update(locks).where(mine).values(expires_at=expires_at))
        return True

    def _take(self, name: str, holder: str, seconds: float) -> bool:
        with self._writing() as connection:
            now = _now(connection)
            lease = {"holder": holder, "expires_at": now + timedelta(seconds=seconds)}
            ends = connection.execute(select(locks.c.expires_at).where(locks.c.name == name)).scalar()
            if ends is not None and ends > now:
                return False
            if ends is None:
                connection.execute(insert(locks).values(name=name, **lease))
            else:
                connection.execute(update(locks).where(locks.c.name == name).values(lease))
        return True


def _now(connection: Connection) -> datetime:
    """Return the moment by a clock that all holders share: a worker whose clock is ahead takes nobody for dead."""
    if connection.dialect.name != "postgresql":
        # Whoever writes to one SQLite file is on one machine.
        return datetime.now(UTC)
    moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return as_utc(moment)
