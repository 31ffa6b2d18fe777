"""One model: its windows, its versions and incidents, and what is set and left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airmedic_core.causes import Cause
from airmedic_core.ledger.last_decisions import Answered
from airmedic_core.ledger.transitions import ENDS
from airmedic_core.read_model.fleet import state_of, tags_of
from airmedic_core.read_model.maps import columns_map, quality_map
from airmedic_core.read_model.plain import moment, rounded, words
from airmedic_core.read_model.policy import override_json
from airmedic_core.read_model.promotions import promotions_of
from airmedic_core.read_model.specs import KnownSpec
from airmedic_core.read_model.standing import decision_json, step_of
from airmedic_core.records import REQUESTED, BatchSummary, Incident, Json, Promotion
from airmedic_core.records.findings import Role
from airmedic_core.records.versions import taking_back
from airmedic_core.reports.addresses import model_address
from airmedic_core.reports.decided import who_decided
from airmedic_core.reports.gate_words import USUAL_CONFIDENCE
from airmedic_core.reports.measured import level_words, measured_windows, since_words
from airmedic_core.reports.private import Privacy
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.settings import Settings

MOST_WINDOWS = 800
"""Windows of one answer at the most: two years of daily ones."""
_MOST_INCIDENTS = 200


def read_model(
    ledger: Ledger | None, settings: Settings, known: KnownSpec, *, now: datetime, windows: int = 60
) -> Json:
    """Return one model as plain JSON.

    Parameters
    ----------
    ledger : Ledger or None
        The ledger; nothing where none was made yet.
    settings : Settings
        For the addresses of MLflow's pages.
    known : KnownSpec
        The model's spec. Of a broken one nobody can say which columns are private: then no column is shown.
    now : datetime
        The moment.
    windows : int
        Windows at the most, the newest ones.
    """
    name, spec = known.name, known.spec
    nothing_seen = step_of(known, "unchecked", opened=None, ended=None, waits=False, has_champion=False)
    answer: Json = {
        "name": name,
        "spec": _spec(known) if spec else None,
        "problem": known.problem,
        "state": "broken_spec" if spec is None else "unchecked",
        "links": {
            "airflow_monitor": f"/dags/monitor__{name}",
            "airflow_remediate": f"/dags/remediate__{name}",
            "mlflow": model_address(settings, name) or None,
        },
        "decided": None, "next": nothing_seen.plain,
        "level_words": "", "since_words": "",
        "windows": [], "columns": [], "columns_left_out": 0, "quality": [], "promotions": [], "incidents": [],
        "overrides": [], "not_monitored": [],
    }  # fmt: skip
    if ledger is None:
        return answer
    rows = ledger.window_rows(name, limit=min(windows, MOST_WINDOWS))
    incidents = ledger.incidents(name, limit=_MOST_INCIDENTS)
    overrides = ledger.overrides(name, now=now)
    quarantined = {override.key for override in overrides if override.kind == "quarantine"}
    promotions = ledger.promotions(name)
    opened = [incident for incident in incidents if incident.state not in ENDS]
    newest = next((row for row in reversed(rows) if row.outcome is not None), None)
    state = state_of(known, newest, opened, now=now)
    answer |= _standing(ledger, known, state, incidents, promotions, now=now) | {
        "state": state,
        "windows": [_window(row, known, quarantined, incidents) for row in rows],
        "promotions": promotions_of(ledger, promotions, spec.gate.confidence if spec else USUAL_CONFIDENCE),
        **_of_versions(rows),
        "incidents": [incident_line(incident, known) for incident in incidents],
    }
    if spec is None:
        return answer
    privacy = Privacy(spec)
    ids = [row.id for row in rows]
    noted = ledger.cells(ids, {Role.DATA_FAULT, Role.INPUT_MOVED}, only_noted=True)
    columns, left_out = columns_map(ledger, noted, ids, hides=privacy.hides)
    assessed = {row.id for row in rows if row.outcome is not None}
    return answer | {
        "columns": columns,
        "columns_left_out": left_out,
        "quality": quality_map(noted, ids, assessed, hides=privacy.hides),
        "overrides": [override_json(override, privacy) for override in overrides],
        "not_monitored": list(_not_monitored(known, newest)),
    }


def _standing(
    ledger: Ledger,
    known: KnownSpec,
    state: str,
    incidents: Sequence[Incident],
    promotions: Sequence[Promotion],
    *,
    now: datetime,
) -> Json:
    """Return who decided last, and what somebody does next."""
    seen = [incident for incident in incidents if incident.fingerprint != REQUESTED]
    opened = next((incident for incident in seen if incident.state not in ENDS), None)
    ended = next((incident for incident in seen if incident.state in ENDS), None)
    champion = promotions[0] if promotions else None
    proposals = ledger.proposals(opened.id) if opened else []
    given = [(proposal, answer) for proposal in proposals for answer in ledger.approvals(proposal.hash)]
    counted = [Answered(p.action, a.answer, a.by, a.at) for p, a in given if not a.refused_because]
    answered = max(counted, key=lambda answer: answer.at, default=None)
    waits = any(item.proposal.model == known.name for item in ledger.waiting_proposals(now=now))
    step = step_of(known, state, opened=opened, ended=ended, waits=waits, has_champion=champion is not None)
    decided = decision_json(
        opened=opened,
        ended=ended,
        answered=answered,
        champion=champion,
        takes_back=champion in taking_back(reversed(promotions)),
    )
    return {"decided": decided, "next": step.plain}


def _of_versions(rows: Sequence[Any]) -> Json:
    """Return in words why the accepted level steps, and how the version that serves does beside the one before it."""
    windows = measured_windows(rows, BatchSummary(), None)
    metric = next((row.metric_name for row in reversed(rows) if row.metric_value is not None), None)
    return {"level_words": level_words(windows), "since_words": since_words(metric, windows) if metric else ""}


def incident_line(incident: Incident, known: KnownSpec) -> Json:
    """Return an incident as lists show it, without the names of private columns."""
    return {
        "id": incident.id,
        "requested": incident.fingerprint == REQUESTED,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "cause_words": incident.cause.words,
        "headline": known.told(incident.headline),
        "opened_at": moment(incident.opened_at),
        "closed_at": moment(incident.closed_at),
        "outcome": incident.resolution.get("outcome"),
        "decided_words": who_decided(incident.resolution),
    }


def _spec(known: KnownSpec) -> Json:
    spec = known.spec
    assert spec is not None  # noqa: S101  the caller has looked
    return {
        "title": spec.title or spec.name,
        "description": known.told(spec.description),
        "task": spec.task,
        "metric": spec.metric,
        "window_every": spec.window.every,
        "schedule": spec.schedule,
        "owner": spec.owner,
        "tags": tags_of(known),
    }


def _window(row: Any, known: KnownSpec, quarantined: set[str], incidents: Sequence[Incident]) -> Json:
    mine = next((incident.id for incident in incidents if row.id in incident.batch_ids), None)
    return {
        "id": row.id,
        "start": moment(row.window_start),
        "end": moment(row.window_end),
        "as_of": moment(row.as_of),
        "checked_at": moment(row.assessed_at),
        "rows": row.rows,
        "rows_expected": rounded(row.rows_expected),
        "version": row.model_version,
        "outcome": row.outcome,
        "cause_words": Cause(row.cause).words if row.cause else "",
        "headline": known.told((row.assessment or {}).get("headline")),
        "metric": row.metric_name,
        "value": rounded(row.metric_value),
        "low": rounded(row.metric_low),
        "high": rounded(row.metric_high),
        "limit": rounded(row.metric_limit),
        "better": None if row.metric_higher_is_better is None else _better(row),
        "drift": rounded(row.largest_move),
        "quarantined": Window(row.window_start, row.window_end).key in quarantined,
        "incident": mine,
    }


def _better(row: Any) -> str:
    return "higher" if row.metric_higher_is_better else "lower"


def _not_monitored(known: KnownSpec, newest: Any) -> Iterator[Json]:
    spec = known.spec
    assert spec is not None  # noqa: S101  the caller has looked
    for name in spec.exclude:
        if not spec.is_private(name):
            yield {"what": name, "why": "The spec excludes this column."}
    if spec.private:
        count = len(spec.private)
        yield {"what": f"{count} private column{'s' if count > 1 else ''}", "why": "Watched, and not shown here."}
    for name, given in spec.checks.items():
        if given is False:
            yield {"what": f"the check of {words(name)}", "why": "The spec switches it off."}
    if newest is not None:
        for text in (newest.assessment or {}).get("not_knowable", ()):
            yield {"what": "the last window", "why": known.told(text)}
