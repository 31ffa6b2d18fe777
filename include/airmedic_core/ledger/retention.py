"""Says what may be forgotten: the findings of old windows, which are most of what a ledger holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, or_, select

from airmedic_core.ledger.audit import Audit, append
from airmedic_core.ledger.tables import batches, data_quality, incidents, model_metrics
from airmedic_core.records import Verdict

LEAST_WINDOWS = 60
"""Windows that are always kept: so many are compared with a new one, reviewed, and shown to whoever diagnoses."""
_AT_ONCE = 100
"""Batches that one transaction forgets. Other writers wait for it, a fraction of a second."""


@dataclass(frozen=True)
class Forgotten:
    """Says how much of one model the ledger has forgotten."""

    batches: int
    findings: int


class Retention(Audit):
    """Forgetting findings. The audit chain holds that it was done, and goes on vouching for what is left."""

    def oldest_kept(self, model: str, *, before: datetime, keep_windows: int = LEAST_WINDOWS) -> datetime | None:
        """Return the start of the oldest window that is kept; nothing where a model has too few to forget any.

        Parameters
        ----------
        model : str
            The model.
        before : datetime
            Windows that ended later are kept.
        keep_windows : int
            How many of the newest windows are kept, however old they are; at least :data:`LEAST_WINDOWS`.
        """
        mine = batches.c.model == model
        last = max(keep_windows, LEAST_WINDOWS) - 1
        newest = select(batches.c.window_start).where(mine).order_by(batches.c.window_start.desc())
        young = select(func.min(batches.c.window_start)).where(mine, batches.c.window_end > before)
        with self._reading() as connection:
            by_number = connection.execute(newest.offset(last).limit(1)).scalar()
            by_age = connection.execute(young).scalar()
        return by_number if by_number is None or by_age is None else min(by_number, by_age)

    def forgettable(self, model: str, *, before: datetime) -> list[str]:
        """Return the ids of the batches whose findings may be forgotten, oldest first.

        Kept are the findings of every batch of an incident, and of every batch in which a check of the data failed:
        such a window is never trained on.

        Parameters
        ----------
        model : str
            The model.
        before : datetime
            Only batches whose window starts before this moment, such as :meth:`oldest_kept`.
        """
        has_findings = [exists().where(table.c.batch_id == batches.c.id) for table in (data_quality, model_metrics)]
        old = select(batches.c.id).where(batches.c.model == model, batches.c.window_start < before, or_(*has_findings))
        failed = select(data_quality.c.batch_id).where(
            data_quality.c.model == model, data_quality.c.verdict == Verdict.UNKNOWN.value
        )
        with self._reading() as connection:
            of_incidents = connection.execute(select(incidents.c.batch_ids).where(incidents.c.model == model)).scalars()
            kept = {batch_id for ids in of_incidents for batch_id in ids} | set(connection.execute(failed).scalars())
            ids = connection.execute(old.order_by(batches.c.window_start)).scalars()
            return [batch_id for batch_id in ids if batch_id not in kept]

    def forget_findings(self, model: str, batch_ids: Sequence[str], *, author: str) -> Forgotten:
        """Delete the findings of batches. What the batches meant stays, and the chain holds that findings were deleted.

        Parameters
        ----------
        model : str
            The model.
        batch_ids : sequence of str
            Its batches, as :meth:`forgettable` returns them.
        author : str
            Name of the person who prunes the ledger, for the audit chain.
        """
        findings = 0
        for start in range(0, len(batch_ids), _AT_ONCE):
            some = batch_ids[start : start + _AT_ONCE]
            with self._writing() as connection:
                deleted = _delete(connection, some)
                said = {"batches": len(some), "first": some[0], "last": some[-1], "findings": deleted, "author": author}
                append(connection, "forgotten", model, said)
            findings += deleted
        return Forgotten(len(batch_ids), findings)

    def record_forgotten_version(self, model: str, version: str, *, author: str) -> None:
        """Let the chain hold that a version of a model is deleted, which was trained and never served.

        Parameters
        ----------
        model : str
            The model.
        version : str
            The version.
        author : str
            Name of the person who prunes the registry.
        """
        with self._writing() as connection:
            append(connection, "forgotten", model, {"version": version, "author": author})


def _delete(connection: Connection, batch_ids: Sequence[str]) -> int:
    return sum(
        connection.execute(delete(table).where(table.c.batch_id.in_(batch_ids))).rowcount
        for table in (data_quality, model_metrics)
    )
