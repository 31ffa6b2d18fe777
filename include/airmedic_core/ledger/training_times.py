"""Says what trainings took: the base of the budget for compute."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from airmedic_core.ledger.audit import Audit, append, said_since
from airmedic_core.ledger.tables import trainings
from airmedic_core.records import Proposal
from airmedic_core.windows import as_utc

NO_INCIDENT = ""
"""In place of an incident: a training in the shadow, which nothing but the policy has asked for."""


@dataclass(frozen=True)
class Training:
    """One training, whatever came of it."""

    model: str
    incident_id: str
    proposal_hash: str
    started_at: datetime
    seconds: float | None
    """Nothing while it runs, and where its process died on the way."""

    @property
    def is_trial(self) -> bool:
        """Say whether it only tried whether training would help."""
        return self.incident_id == NO_INCIDENT


class Trainings(Audit):
    """Recording and reading how long trainings took."""

    def begin_training(self, p: Proposal, *, now: datetime | None = None) -> int:
        """Record that a training begins, and return its number, for :meth:`end_training`."""
        return self._begin(p.model, p.incident_id, p.hash, now or datetime.now(UTC))

    def begin_trial(self, model: str, plan_hash: str, *, now: datetime | None = None) -> int:
        """Record that a training in the shadow begins, which no incident asks for, and return its number.

        Parameters
        ----------
        model : str
            The model.
        plan_hash : str
            Hash of what is tried.
        now : datetime, optional
            The moment; the present where not given.
        """
        return self._begin(model, NO_INCIDENT, plan_hash, now or datetime.now(UTC))

    def _begin(self, model: str, incident_id: str, subject: str, started_at: datetime) -> int:
        with self._writing() as connection:
            begun = {"model": model, "incident_id": incident_id, "started_at": started_at.isoformat()}
            sequence = append(connection, "training_begun", subject, begun)
            connection.execute(
                insert(trainings).values(
                    sequence=sequence,
                    model=model,
                    incident_id=incident_id,
                    proposal_hash=subject,
                    started_at=started_at,
                )
            )
        return sequence

    def end_training(self, number: int, *, seconds: float) -> None:
        """Record that a training has ended, well or not, and what it took."""
        with self._writing() as connection:
            mine = trainings.c.sequence == number
            proposal_hash = str(connection.execute(select(trainings.c.proposal_hash).where(mine)).scalar())
            connection.execute(update(trainings).where(mine).values(seconds=seconds))
            append(connection, "training_ended", proposal_hash, {"training": number, "seconds": seconds})

    def trainings(self, *, since: datetime, model: str | None = None) -> list[Training]:
        """Return the trainings that began since a moment, oldest first, of one model or of all.

        What the audit chain has recorded since then counts as it has recorded it: a training whose row was edited or
        deleted has taken what it took. One whose row was put in counts as well, because it can only stop others.
        """
        query = select(trainings).where(trainings.c.started_at >= since).order_by(trainings.c.sequence)
        if model is not None:
            query = query.where(trainings.c.model == model)
        with self._reading() as connection:
            known = {
                row.sequence: Training(row.model, row.incident_id, row.proposal_hash, row.started_at, row.seconds)
                for row in connection.execute(query)
            }
            known |= _recorded_since(connection, since)
        return [
            training
            for _, training in sorted(known.items())
            if training.started_at >= since and model in {None, training.model}
        ]


def _recorded_since(connection: Connection, since: datetime) -> dict[int, Training]:
    """Return the trainings that the chain has recorded since a moment, by their numbers."""
    begun: dict[int, Training] = {}
    for record in said_since(connection, since, "training_begun", "training_ended"):
        said = record.payload
        if record.kind == "training_begun":
            started_at = as_utc(said["started_at"])
            begun[record.sequence] = Training(said["model"], said["incident_id"], record.subject, started_at, None)
        elif said["training"] in begun:
            begun[said["training"]] = replace(begun[said["training"]], seconds=said["seconds"])
    return begun
