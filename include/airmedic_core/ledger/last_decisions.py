"""Reads the last decision about each model of a fleet: who took it, and how the windows have done since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, takewhile
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, func, select

from airmedic_core.ledger.tables import approvals, batches, incidents, promotions, proposals
from airmedic_core.ledger.transitions import ENDS
from airmedic_core.records import AIRMEDIC, REQUESTED, IncidentState

OPEN = [state.value for state in IncidentState if state not in ENDS]
"""Holds the states of incidents that have not ended."""
AT_ONCE = 500
"""Bounds the ids of one question: SQLite's older versions take 999 values."""
_GAIN_WINDOWS = 10
"""Bounds the windows over which a gain is told: their versions are read from the rows, and stand in no index."""


class Answered(NamedTuple):
    """The last answer that counts about an incident that is open."""

    action: str
    answer: str
    by: str
    at: datetime


class Gain(NamedTuple):
    """A healed model's metric when its incident was first seen, and over how many windows its remedy has served."""

    before: float | None
    windows: int


@dataclass(frozen=True)
class LastDecisions:
    """The last decision about each model, by the model's name, and about each open incident."""

    answered: Mapping[str, Answered] = field(default_factory=dict)
    """Holds the last answer about each open incident, by the incident's id."""
    ended: Mapping[str, Row[Any]] = field(default_factory=dict)
    """Holds the last incidents that batches opened and that have ended."""
    gains: Mapping[str, Gain] = field(default_factory=dict)
    """Holds the gains of models whose last incident was healed by the version that serves."""
    taken_back: frozenset[str] = frozenset()
    """Holds the models whose last promotion took another one of the same proposal back."""


def models() -> Any:
    """Return the models of which a batch was looked at, as a table: from each name to the next one in the index."""
    names = select(func.min(batches.c.model).label("model")).cte("names", recursive=True)
    after = select(func.min(batches.c.model)).where(batches.c.model > names.c.model).scalar_subquery()
    return names.union_all(select(after).where(names.c.model.is_not(None)))


def last_decisions(connection: Connection, champions: Mapping[str, Row[Any]]) -> LastDecisions:
    """Return what was decided last about each model.

    Parameters
    ----------
    connection : Connection
        Reads the ledger.
    champions : mapping
        Each model's last promotion.
    """
    answered = {row[0]: Answered._make(row[1:]) for row in connection.execute(_answered())}
    ended = {row.model: row for row in connection.execute(_ended())}
    taken_back = _taken_back(connection, champions)
    healed = {
        row.batch_ids[0]: champions[model]
        for model, row in ended.items()
        if row.batch_ids and model in champions and model not in taken_back and _healed_by(row, champions[model])
    }
    return LastDecisions(answered, ended, _gains(connection, healed), taken_back)


def _healed_by(incident: Row[Any], champion: Row[Any]) -> bool:
    """Return whether the version that serves came under an incident's remedy, which has resolved it."""
    proposal_hash = champion.proposal_hash
    resolved = incident.state == IncidentState.RESOLVED
    return resolved and bool(proposal_hash) and incident.resolution.get("proposal_hash") == proposal_hash


def _taken_back(connection: Connection, champions: Mapping[str, Row[Any]]) -> frozenset[str]:
    """Return the models whose last promotion took another one back: the first one of its proposal is of another kind.

    Only promotions that nobody has made can be such, and they are few.
    """
    own = {row.proposal_hash: row for row in champions.values() if row.proposal_hash and row.by == AIRMEDIC}
    hashes, undone = list(own), set()
    for start in range(0, len(hashes), AT_ONCE):
        asked = promotions.c.proposal_hash.in_(hashes[start : start + AT_ONCE])
        first = select(func.min(promotions.c.sequence)).where(asked).group_by(promotions.c.proposal_hash)
        query = select(promotions.c.proposal_hash, promotions.c.kind).where(promotions.c.sequence.in_(first))
        undone |= {own[hash_].model for hash_, kind in connection.execute(query) if kind != own[hash_].kind}
    return frozenset(undone)


def _answered() -> Select[Any]:
    """Return the question for the answers about open incidents, the last one of each incident last."""
    return (
        select(incidents.c.id, proposals.c.action, approvals.c.answer, approvals.c.by, approvals.c.at)
        .join(proposals, proposals.c.incident_id == incidents.c.id)
        .join(approvals, approvals.c.proposal_hash == proposals.c.hash)
        .where(incidents.c.state.in_(OPEN), approvals.c.refused_because == "")
        .order_by(approvals.c.sequence)
    )


def _ended() -> Select[Any]:
    """Return the question for each model's last incident that a batch opened and that has ended."""
    names, past = models(), incidents.alias()
    last = (
        select(past.c.id)
        .where(past.c.model == names.c.model, past.c.closed_at.is_not(None), past.c.fingerprint != REQUESTED)
        .order_by(past.c.opened_at.desc())
        .limit(1)
        .correlate(names)
        .scalar_subquery()
    )
    shown = ("id", "model", "state", "cause", "batch_ids", "closed_at", "resolution")
    return select(*(incidents.c[name] for name in shown)).select_from(names.join(incidents, incidents.c.id == last))


def _gains(connection: Connection, healed: Mapping[str, Row[Any]]) -> dict[str, Gain]:
    """Return how healed models did, by the batches in which their incidents were first seen."""
    first, past, newest = batches.alias(), batches.alias(), batches.alias()
    last_starts = (
        select(newest.c.window_start)
        .where(newest.c.model == first.c.model)
        .order_by(newest.c.window_start.desc())
        .limit(_GAIN_WINDOWS)
        .correlate(first)
        .subquery()
    )
    since = select(func.min(last_starts.c.window_start)).scalar_subquery()
    query = (
        select(first.c.id, first.c.model, first.c.metric_value, past.c.model_version)
        .select_from(first.join(past, (past.c.model == first.c.model) & (past.c.window_start >= since)))
        .order_by(first.c.id, past.c.window_start.desc())
    )
    gains: dict[str, Gain] = {}
    ids = list(healed)
    for start in range(0, len(ids), AT_ONCE):
        rows = connection.execute(query.where(first.c.id.in_(ids[start : start + AT_ONCE])))
        for (batch_id, model, before), windows in groupby(rows, key=itemgetter(0, 1, 2)):
            serves = healed[batch_id].to_version
            own = takewhile(serves.__eq__, (window.model_version or "" for window in windows))
            gains[model] = Gain(before, len(list(own)))
    return gains
