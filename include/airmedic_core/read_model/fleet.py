"""The fleet: one row for each model, with its state and what leads to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from airmedic_core.actions import infinitive
from airmedic_core.causes import Cause
from airmedic_core.ledger.overview import FleetRows, Measured, Waiting, is_requested
from airmedic_core.read_model.due import is_silent
from airmedic_core.read_model.plain import moment, rounded, rounded_all
from airmedic_core.read_model.specs import KnownSpec
from airmedic_core.read_model.standing import decision_json, last_incident_json, step_of
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger

State = Literal["healthy", "watch", "incident", "unchecked", "silent", "broken_spec"]
STATES: tuple[State, ...] = ("healthy", "watch", "incident", "unchecked", "silent", "broken_spec")

TREND_WINDOWS = 30
"""Windows of a trend at the most: a month of daily ones, and as many as a small picture can show."""


@dataclass(frozen=True)
class FleetModel:
    """One model as the fleet shows it, and as its metrics count it."""

    known: KnownSpec
    state: State
    checked_at: datetime | None = None
    metric: Measured | None = None
    """The last window in which the metric that decides was measured."""
    largest_move: float | None = None
    """Says how far the input that moved most has moved in the newest window, as a share of its limit."""
    open_incidents: int = 0
    waiting_since: tuple[datetime, ...] = ()
    """Says when each question that waits for people was asked, oldest first."""
    row: Json = field(default_factory=dict)
    """Its row in the fleet's answer."""


def read_fleet(
    ledger: Ledger | None, specs: Mapping[str, KnownSpec], *, now: datetime, shown: Collection[str]
) -> list[FleetModel]:
    """Return the models by name.

    Parameters
    ----------
    ledger : Ledger or None
        The ledger; nothing where none was made yet, so that nothing was checked.
    specs : mapping
        The specs by the names of their models.
    now : datetime
        The moment.
    shown : collection of str
        The models that are wanted: those that the person who asks may read.
    """
    rows = ledger.fleet_rows(now=now, windows=TREND_WINDOWS) if ledger else FleetRows({})
    return [_model(known, rows, now) for name, known in specs.items() if name in shown]


def fleet_json(models: Sequence[FleetModel], *, now: datetime) -> Json:
    """Return the fleet as plain JSON.

    Parameters
    ----------
    models : sequence of FleetModel
        What :func:`read_fleet` returned.
    now : datetime
        The moment.
    """
    return {"generated_at": moment(now), "models": [model.row for model in models]}


def state_of(known: KnownSpec, newest: Any, incidents: Sequence[Any], *, now: datetime) -> State:
    """Return how a model is.

    Parameters
    ----------
    known : KnownSpec
        Its spec.
    newest : row or None
        Its last window that was assessed.
    incidents : sequence of row
        Its open incidents.
    now : datetime
        The moment.
    """
    if known.spec is None:
        return "broken_spec"
    if any(not is_requested(incident) for incident in incidents):
        return "incident"
    if newest is None:
        return "unchecked"
    checked_at = newest.assessed_at or newest.as_of
    if is_silent(known.spec, checked_at=checked_at, window_end=newest.window_end, now=now):
        return "silent"
    outcome: State = newest.outcome
    return outcome


def _model(known: KnownSpec, rows: FleetRows, now: datetime) -> FleetModel:
    name, spec = known.name, known.spec
    newest, trend = rows.newest.get(name), rows.trends.get(name)
    incidents = rows.open_incidents.get(name, [])
    waiting = _questions(rows.waiting.get(name, []))
    state = state_of(known, newest, incidents, now=now)
    measured = rows.measured.get(name)
    incident = incidents[0] if incidents else None
    champion = rows.champions.get(name)
    cause = Cause(newest.cause) if newest else None
    decided = rows.decisions
    ended, opened = decided.ended.get(name), next((row for row in incidents if not is_requested(row)), None)
    step = step_of(known, state, opened=opened, ended=ended, waits=bool(waiting), has_champion=champion is not None)
    row: Json = {
        "name": name,
        "owner": spec.owner if spec else None,
        "tags": tags_of(known),
        "state": state,
        "problem": known.problem,
        "cause": cause.value if cause else None,
        "cause_words": cause.words if cause else "",
        "headline": known.told(newest.headline) if newest else "",
        "metric": _metric(measured) if measured else None,
        "metric_trend": rounded_all(trend.metric) if trend else [],
        "drift_trend": rounded_all(trend.largest_move) if trend else [],
        "incident": _incident(incident, known) if incident else None,
        "approval": _approval(waiting[0].proposal) if waiting else None,
        "last_incident": last_incident_json(ended, decided.gains.get(name), trend.metric if trend else []),
        "decided": decision_json(
            opened=opened,
            ended=ended,
            answered=decided.answered.get(opened.id) if opened else None,
            champion=champion,
            takes_back=name in decided.taken_back,
        ),
        "next": step.plain,
        "champion": {"version": champion.to_version, "since": moment(champion.at), "by": champion.by}
        if champion
        else None,
        "last_check": _last_check(newest) if newest else None,
    }
    return FleetModel(
        known=known,
        state=state,
        checked_at=(newest.assessed_at or newest.as_of) if newest else None,
        metric=measured,
        largest_move=trend.largest_move[-1] if trend else None,
        open_incidents=len(incidents),
        waiting_since=tuple(item.proposal.created_at for item in waiting),
        row=row,
    )


def _questions(waiting: Sequence[Waiting]) -> list[Waiting]:
    """Return the first proposal of each question: one asks whether a tried version is promoted or its trial ended."""
    first: dict[tuple[str, str, str], Waiting] = {}
    for item in waiting:
        first.setdefault(item.question, item)
    return list(first.values())


def tags_of(known: KnownSpec) -> list[str]:
    """Return what a model can be found by, beside its name and owner."""
    spec = known.spec
    if spec is None:
        return []
    return [spec.task, *([spec.environment] if spec.environment else [])]


def _metric(window: Measured) -> Json:
    return {
        "name": window.metric_name,
        "value": rounded(window.metric_value),
        "limit": rounded(window.metric_limit),
        "better": "lower" if window.metric_higher_is_better is False else "higher",
    }


def _incident(row: Any, known: KnownSpec) -> Json:
    return {
        "id": row.id,
        "state": row.state,
        "severity": row.severity,
        "cause_words": Cause(row.cause).words,
        "headline": known.told(row.headline),
        "opened_at": moment(row.opened_at),
    }


def _approval(proposal: Any) -> Json:
    return {
        "proposal_hash": proposal.hash,
        "action": proposal.action,
        "action_words": infinitive(proposal.action),
        "asked_at": moment(proposal.created_at),
        "expires_at": moment(proposal.expires_at),
    }


def _last_check(row: Any) -> Json:
    return {
        "window_start": moment(row.window_start),
        "window_end": moment(row.window_end),
        "as_of": moment(row.as_of),
        "checked_at": moment(row.assessed_at),
        "rows": row.rows,
        "outcome": row.outcome,
    }
