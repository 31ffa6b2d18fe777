"""A version alone in service: probed on the newest batch, then watched for new windows."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError, ModelError
from airmedic_core.records import Proposal, Verdict
from airmedic_core.watch.health import Health

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.ledger import ObservedBatch
    from airmedic_core.registry import ModelVersion
    from airmedic_core.workspace import Workspace

MOST_BATCHES = 200
"""Windows that are looked through for new ones: twice what a spec may ask to watch."""
NEARLY_ALL = 0.9
"""Share of a window's labels that must have arrived: the early ones do not stand for all."""
_MOST_REASONS = 5
"""States what people are told of a deployment that is unhealthy; the rest is in the findings."""


def watched(ws: Workspace, version: str, proposal: Proposal, max_probe_seconds: float, now: datetime) -> Health:
    """Probe the version that serves on the newest batch, then wait for as many new windows as the spec asks for.

    It is unhealthy if it does not load, lacks a column, predicts values that are not finite or takes too long; if
    it is surely worse on a new window whose labels have arrived, beside the version before it, than the gate
    promised; or if a new window shows a problem that began with it.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : str
        The version that was deployed.
    proposal : Proposal
        The deployment.
    max_probe_seconds : float
        How long scoring the newest batch may take.
    now : datetime
        The moment of the question.
    """
    started = perf_counter()
    serving = ws.registry.by_alias(ws.spec.name, "champion")
    if serving is None or serving.version != version:
        shown = "none" if serving is None else serving.version
        return Health("unhealthy", (f"Version {version} does not serve; the champion is {shown}.",), 0.0)
    frame, newest = _newest_rows(ws, proposal)
    problems = _probed(ws, serving, frame, max_probe_seconds, _before(ws) if newest else None)
    if not problems and newest:
        problems = _broken_promise(ws, serving, proposal, frame, newest)
    seconds = perf_counter() - started
    if problems:
        return Health("unhealthy", tuple(problems), seconds)
    return _watch(ws, proposal, version, now, seconds)


def problems_on_newest(
    ws: Workspace, version: ModelVersion, proposal: Proposal, max_probe_seconds: float, before: ModelVersion | None
) -> list[str]:
    """Return what keeps a version from answering the newest rows; nothing where the version before cannot either.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : ModelVersion
        The version to probe.
    proposal : Proposal
        Its deployment: the rows of its incident are taken where nothing is monitored yet.
    max_probe_seconds : float
        How long scoring may take.
    before : ModelVersion or None
        The version that serves, or served before.
    """
    frame, _ = _newest_rows(ws, proposal)
    return _probed(ws, version, frame, max_probe_seconds, before)


def since(ws: Workspace, proposal: Proposal) -> datetime:
    """Return the end of the last window before a deployment."""
    # Not the incident's as_of: a bad window joins the open incident and moves that.
    return ws.ledger.incident(proposal.incident_id).window.end


def _newest_rows(ws: Workspace, proposal: Proposal) -> tuple[pd.DataFrame, ObservedBatch | None]:
    from airmedic_core.repair import read_as_repaired

    newest = next(iter(ws.ledger.batches(ws.spec.name, limit=1)), None)
    window = newest.batch.window if newest else ws.ledger.incident(proposal.incident_id).window
    return read_as_repaired(ws, window), newest


def _before(ws: Workspace) -> ModelVersion | None:
    try:
        return ws.registry.rollback_target(ws.spec.name)
    except ModelError:
        return None


def _probed(
    ws: Workspace, version: ModelVersion, frame: pd.DataFrame, max_seconds: float, before: ModelVersion | None
) -> list[str]:
    from airmedic_core.scoring import probe

    problems, seconds = probe(ws, version, frame)
    if problems and before is not None and probe(ws, before, frame)[0]:
        # The rows are at fault: sound ones will tell.
        return []
    if seconds > max_seconds:
        problems.append(f"Scoring {len(frame)} rows took {seconds:.1f} s; {max_seconds:g} s are allowed.")
    return problems


def _broken_promise(
    ws: Workspace, version: ModelVersion, proposal: Proposal, frame: pd.DataFrame, seen: ObservedBatch
) -> list[str]:
    """Compare with the version before on the same rows: what one window measures alone depends on the window.

    What came before the deployment was for the gate to look at.
    """
    from airmedic_core.scoring import score
    from airmedic_core.training.gate import compare

    if seen.batch.window.end <= since(ws, proposal):
        return []
    try:
        before = score(ws, ws.registry.rollback_target(ws.spec.name), frame, seen.batch)
    except AirmedicError:
        # A version that cannot be scored cannot be the better one.
        return []
    after = score(ws, version, frame, seen.batch)
    if after.known.mean() < NEARLY_ALL:
        return []
    result = compare(ws.spec, before, after, frame)
    promised = min(ws.spec.gate.margin, float(proposal.params.get("promised_low", 0.0)))
    if result.high is None or result.high >= promised:
        return []
    against = f"On {seen.batch.window} it is worse than the version before: {result.reasons[0]}"
    return [f"{against} The gate promised {promised:+.3f} at the worst."]


def _watch(ws: Workspace, proposal: Proposal, version: str, now: datetime, seconds: float) -> Health:
    from airmedic_core.training.rows import unusable_windows

    wanted = ws.spec.rollout.watch_windows
    if wanted == 0:
        return Health("healthy", ("It loads, and predicts finite values on the newest batch.",), seconds)
    known_before = since(ws, proposal)
    recent = ws.ledger.batches(ws.spec.name, limit=MOST_BATCHES)
    # The rows of a window whose data are broken say nothing about the model.
    seen = [
        window
        for window in recent
        if window.batch.window.end > known_before
        and window.model_version == version
        and window.assessment is not None
        and not window.assessment.cause.lies_in_data
    ]
    bad = [reason for window in seen for reason in _trouble(ws, window)]
    if bad:
        return Health("unhealthy", tuple(bad[:_MOST_REASONS]), seconds)
    unusable = unusable_windows(ws)
    sound = [window for window in seen if window.batch.window not in unusable]
    watched = f"{len(sound)} of {wanted} new windows were watched without trouble."
    if len(sound) >= wanted:
        return Health("healthy", (watched,), seconds)
    promotions = ws.ledger.promotions(ws.spec.name)
    last = next((promotion for promotion in promotions if promotion.to_version == version), None)
    if last is None or now <= last.at + timedelta(seconds=ws.spec.rollout.watch_timeout_seconds):
        return Health("waiting", (watched,), seconds)
    if not sound:
        return Health("inconclusive", (f"None of the {wanted} new windows could be watched in time.",), seconds)
    return Health("healthy", (watched, "No more arrived in time; nothing speaks against it."), seconds)


def _trouble(ws: Workspace, seen: ObservedBatch) -> list[str]:
    assessment = seen.assessment
    if assessment is not None and assessment.outcome == "incident" and assessment.cause.traits.of_version:
        return [f"{seen.batch.window}: {assessment.headline}"]
    findings = ws.ledger.findings(seen.batch.id, "performance")
    return [
        f"{seen.batch.window}: {alert.message or alert.key}" for alert in findings if alert.verdict is Verdict.ALERT
    ]
