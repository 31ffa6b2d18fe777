"""Says what past incidents teach, as the audit chain holds them: what was decided, what was done, and what came of it.

Rows only say which incidents are the newest, and which proposals are theirs: the chain has no index of them. One that
was edited or put in teaches nothing, and takes no place of an incident that the chain holds. One that was deleted hides
its incident, which the verification of the chain tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from airmedic_core.ledger.audit import Audit, AuditRecord, record_of
from airmedic_core.ledger.tables import audit, audit_head, incidents, proposals
from airmedic_core.ledger.verification import Place, unlinked
from airmedic_core.records import Cause, Json
from airmedic_core.windows import as_utc

_OPENED, _MOVED, _DECIDED = "incident", "incident_state", "decision"
_PROPOSED, _ENDED = "proposal", "action_ended"

MOST_INCIDENTS = 1000
"""Incidents that are learned from, the newest: years of a fleet. Decisions, the report and a change of a prior read the
same ones, so that none of them contradicts another. Reading 150 takes 0.06 s of CPU on SQLite."""

_ASKED_AT_ONCE = 500
"""Subjects in one question: old SQLite takes 999 values."""


@dataclass(frozen=True)
class PastCase:
    """One past incident, as the chain holds it."""

    incident_id: str
    model: str
    cause: Cause
    opened_at: datetime
    closed_at: datetime | None
    closed_by_record: int
    """The number of the record that closed it, 0 while it is open: what was known when is told by such numbers."""
    resolution: Json
    batch_ids: tuple[str, ...]
    decisions: tuple[Json, ...]
    """Says what was decided, oldest first: what the record says, its number as ``record``, the ``action`` proposed, and
    whether its end is on record, as ``carried_out``."""
    verified: bool
    """Says whether the end of the action that the resolution names is on record: it follows the action's own
    verification, or its undoing.
    """


@dataclass(frozen=True)
class Experience:
    """The past incidents that the chain vouches for, oldest first, and those that are left out."""

    cases: tuple[PastCase, ...]
    unvouched: tuple[str, ...] = ()
    """Incidents without a record in the chain, or with one that is no link of it. Nothing is learned from them."""
    unknown_causes: tuple[str, ...] = ()
    """Causes on record that this version does not know. Nothing is learned from their incidents."""

    @property
    def problem(self) -> str:
        """Why incidents are left out, in a sentence or two; empty where none is."""
        told = []
        if self.unvouched:
            counted = "1 incident does" if len(self.unvouched) == 1 else f"{len(self.unvouched)} incidents do"
            told.append(f"{counted} not count, as the audit chain does not vouch for what is in the ledger.")
        if self.unknown_causes:
            told.append(f"Incidents of causes that are not known do not count: {', '.join(self.unknown_causes)}.")
        return " ".join(told)


class PastCases(Audit):
    """Reading past incidents to learn from."""

    def experience(self, *, most: int = MOST_INCIDENTS) -> Experience:
        """Return the newest past incidents of all models, as the audit chain holds them.

        Parameters
        ----------
        most : int
            Incidents at the most. What the chain does not vouch for is not among them.
        """
        cases: list[PastCase] = []
        unvouched: set[str] = set()
        unknown: set[str] = set()
        newest = select(incidents.c.id).order_by(incidents.c.opened_at.desc(), incidents.c.id.desc())
        with self._reading() as connection:
            read = 0
            while len(cases) < most:
                page = newest.limit(min(_ASKED_AT_ONCE, most - len(cases))).offset(read)
                ids = connection.execute(page).scalars().all()
                if not ids:
                    break
                read += len(ids)
                known, broken = _cases(connection, ids, unknown)
                cases += known
                unvouched |= broken
        return Experience(tuple(reversed(cases)), tuple(sorted(unvouched)), tuple(sorted(unknown)))


def _cases(connection: Connection, ids: Sequence[str], unknown: set[str]) -> tuple[list[PastCase], set[str]]:
    """Return the cases of incidents in their order, and those without a sound record; add causes that are unknown."""
    said, broken = _said(connection, ids, (_OPENED, _MOVED, _DECIDED))
    broken |= {id_ for id_ in ids if not any(record.kind == _OPENED for record in said.get(id_, ()))}
    theirs = select(proposals.c.hash, proposals.c.incident_id).where(proposals.c.incident_id.in_(ids))
    of_proposals = {row.hash: row.incident_id for row in connection.execute(theirs)}
    of_proposals |= {hash_: id_ for id_ in said for hash_ in _proposals(said[id_])}
    proposed, broken_proposals = _said(connection, of_proposals, (_PROPOSED, _ENDED))
    broken |= {of_proposals[hash_] for hash_ in broken_proposals}
    by_incident: defaultdict[str, dict[str, list[AuditRecord]]] = defaultdict(dict)
    for hash_, records in proposed.items():
        by_incident[of_proposals[hash_]][hash_] = records
    cases = []
    for id_ in ids:
        if id_ in broken:
            continue
        case = _case(said[id_], by_incident[id_])
        if isinstance(case, PastCase):
            cases.append(case)
        else:
            unknown.add(case)
    return cases, broken


def _said(
    connection: Connection, subjects: Collection[str], kinds: tuple[str, ...]
) -> tuple[dict[str, list[AuditRecord]], set[str]]:
    """Return what the chain says of subjects, oldest first, and the subjects of which a record is no link of it."""
    said: defaultdict[str, list[AuditRecord]] = defaultdict(list)
    broken: set[str] = set()
    names = sorted(subjects)
    for start in range(0, len(names), _ASKED_AT_ONCE):
        some = names[start : start + _ASKED_AT_ONCE]
        for row in _rows(connection, audit.c.subject.in_(some) & audit.c.kind.in_(kinds)):
            if unlinked(row, Place(row.hash_before, row.last)):
                broken.add(row.subject)
            else:
                said[row.subject].append(record_of(row))
    return dict(said), broken


def _rows(connection: Connection, wanted: ColumnElement[bool]) -> Iterator[Any]:
    before = audit.alias("before")
    last = select(func.min(audit_head.c.sequence)).scalar_subquery().label("last")
    query = (
        select(audit, before.c.hash.label("hash_before"), last)
        .select_from(audit.outerjoin(before, before.c.sequence == audit.c.sequence - 1))
        .where(wanted)
        .order_by(audit.c.sequence)
    )
    yield from connection.execute(query)


def _proposals(records: list[AuditRecord]) -> Iterator[str]:
    """Yield the hashes of what was proposed by decisions, and of what an incident was closed with."""
    for record in records:
        known = record.payload if record.kind == _DECIDED else record.payload.get("resolution")
        if isinstance(known, dict) and known.get("proposal_hash"):
            yield str(known["proposal_hash"])


def _case(records: list[AuditRecord], proposed: dict[str, list[AuditRecord]]) -> PastCase | str:
    """Return an incident as its records have it; the name of its cause where that is not known."""
    known: Json = {}
    decisions = []
    closed_by = 0
    ended = _ended(proposed)
    for record in records:
        if record.kind == _DECIDED:
            hash_ = str(record.payload["proposal_hash"])
            said = {item.kind: item.payload for item in proposed.get(hash_, ())}
            action = said.get(_PROPOSED, {}).get("action", "")
            about = {"record": record.sequence, "action": action, "carried_out": hash_ in ended}
            decisions.append(record.payload | about)
        else:
            if not closed_by and record.payload.get("closed_at"):
                closed_by = record.sequence
            known |= record.payload
    try:
        cause = Cause(known["cause"])
    except ValueError:
        return str(known["cause"])
    closed_at = known.get("closed_at")
    resolution = dict(known.get("resolution") or {})
    return PastCase(
        incident_id=records[0].subject,
        model=str(known["model"]),
        cause=cause,
        opened_at=as_utc(known["opened_at"]),
        closed_at=as_utc(closed_at) if closed_at else None,
        closed_by_record=closed_by,
        resolution=resolution,
        batch_ids=tuple(known.get("batch_ids") or ()),
        decisions=tuple(decisions),
        verified=str(resolution.get("proposal_hash")) in ended,
    )


def _ended(proposed: dict[str, list[AuditRecord]]) -> set[str]:
    """Return the hashes of proposals that were carried out, as they were decided on and as approvers narrowed them."""
    ended = set()
    for hash_, records in proposed.items():
        if any(record.kind == _ENDED for record in records):
            ended.add(hash_)
            ended |= {str(record.payload.get("parent") or hash_) for record in records if record.kind == _PROPOSED}
    return ended
