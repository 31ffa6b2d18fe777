"""Tries in the shadow, before anybody is asked: whether a model that is trained now would do better than the champion.

A loss that no rule explains, one that is only watched, and one that training is recommended for are tried, and so are
inputs that have moved without a loss that shows, and every n-th window in which nothing happens. What comes of it is a
finding of the window, weighed like those of the checks. The policy says where this is allowed (``explore``), and how
many minutes it may take (``limits``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from airmedic_core.actions import ACTIONS, trains, tried_first
from airmedic_core.assess import doubt_of_new_normal
from airmedic_core.assess.signs import WAITS, is_shift
from airmedic_core.causes import Cause, CauseKind
from airmedic_core.decide.kill_switch import kill_switch
from airmedic_core.decide.limits import freeze
from airmedic_core.decide.training_budget import DAY, over_trial_budget, trial_seconds_left
from airmedic_core.errors import AirmedicError, SpecError
from airmedic_core.exploration.waiting import LOOKS, may_help, may_wait, too_early, waits
from airmedic_core.monitor import assess
from airmedic_core.policy import environment_of, policy_of
from airmedic_core.records import (
    ABNORMAL,
    Assessment,
    Batch,
    Finding,
    Incident,
    IncidentState,
    Json,
    Permission,
    Role,
    Verdict,
    digest,
)

if TYPE_CHECKING:
    from airmedic_core.policy import Policy
    from airmedic_core.workspace import Workspace

Occasion = Literal["loss", "moved", "quiet"]

_GROUP: Literal["trial"] = "trial"
_EARLIER = "of_an_earlier_window"
"""Key in the details of a trial's finding that was taken over from a window before."""
_log = logging.getLogger(__name__)


def assess_and_try(ws: Workspace, batch: Batch, *, now: datetime) -> Assessment:
    """Assess a batch; where there is an occasion for it, train in the shadow, and weigh what comes of it as well.

    Whatever a training meets, the batch is assessed: without the trial then.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        A batch that was checked.
    now : datetime
        The moment.
    """
    earlier = ws.ledger.findings(batch.id, _GROUP)
    known = _kept(ws, batch, earlier)
    assessment = assess(ws, batch)
    if known:
        return assessment
    finding = None
    try:
        finding = explore(ws, batch, assessment, now=now)
    except Exception as error:  # noqa: BLE001  a team's own training may raise anything, and nobody asked for this one
        _log.warning("Whether training would help was not tried: %s: %s", type(error).__name__, error)
    if finding is None and waits(earlier):
        # What the move costs is as open as it was with fewer labels.
        forgotten = ws.ledger.findings(batch.id, _GROUP)[-1]
        finding = replace(forgotten, details={**forgotten.details, WAITS: True})
    if finding is None:
        return assessment
    ws.ledger.record_findings(batch, _GROUP, [finding], model_version=str(finding.details["champion"]))
    return assess(ws, batch)


def explore(ws: Workspace, batch: Batch, assessment: Assessment, *, now: datetime) -> Finding | None:
    """Train in the shadow and return what came of it; nothing where there is no occasion, or it is not allowed.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The batch.
    assessment : Assessment
        What it means so far.
    now : datetime
        The moment.

    Raises
    ------
    AirmedicError
        If nothing can be trained or compared.
    """
    if ws.spec.only_logged or ws.spec.retrain.using.startswith("dag:"):
        return None
    try:
        policy = policy_of(ws)
    except SpecError:
        # Models are watched without a policy too; nothing is done then.
        return None
    if not policy.explore.allowed_in(environment_of(ws)) or _is_watched(ws):
        return None
    findings = ws.ledger.findings(batch.id)
    occasion = _occasion(ws, policy, batch, assessment, findings)
    if occasion is None:
        return None
    patient = occasion == "moved" and may_wait(ws, batch)
    last = None if occasion == "quiet" else _not_helped(ws, policy, batch)
    # What a trial of moved inputs leaves open says nothing of a loss, and nothing once it was waited for long enough.
    if last is not None and (patient or not waits([last])):
        # It holds as long as it is not tried again; one that left a loss open says nothing of this window.
        details = {**last.details, "as_of": batch.as_of.isoformat(), _EARLIER: True}
        stands = replace(last, message=f"As tried in an earlier window: {last.message}", details=details)
        return stands if last.verdict is Verdict.OK or waits([last]) else None
    if _stopped(ws, policy, now):
        return None
    return _tried(ws, policy, batch, occasion, findings, patient=patient, now=now)


def _is_watched(ws: Workspace) -> bool:
    """Return whether a version is tried beside the champion: what it shows is waited for, and no other one trained."""
    trial = ws.registry.trial(ws.spec.name)
    return trial is not None and trial.kind != "standby"


def _kept(ws: Workspace, batch: Batch, earlier: Sequence[Finding]) -> bool:
    """Return whether the trial of a batch stands; of one with fewer labels than are known now, the looks remain."""
    if not earlier:
        return False
    if all(finding.details.get("as_of") == batch.as_of.isoformat() for finding in earlier):
        return True
    last = earlier[-1]
    kept = {name: last.details[name] for name in ("as_of", "champion", LOOKS, _EARLIER) if name in last.details}
    message = "Whether training would help was tried when fewer labels were known."
    open_again = replace(
        last, verdict=Verdict.UNKNOWN, message=message, suggests=(), value=None, effect=None, details=kept
    )
    ws.ledger.record_findings(batch, _GROUP, [open_again], model_version=str(last.details.get("champion")))
    return False


def _occasion(
    ws: Workspace, policy: Policy, batch: Batch, assessment: Assessment, findings: Sequence[Finding]
) -> Occasion | None:
    """Return what a trial is made for; nothing where rows may be wrong, or a version that just came may be."""
    cause = assessment.cause
    if cause.lies_in_data or cause.kind is CauseKind.SERVICE:
        return None
    if any(finding.role is Role.DATA_FAULT and finding.verdict in ABNORMAL for finding in findings):
        return None
    lost = any(finding.verdict in ABNORMAL and finding.role in {Role.LOSS, Role.EXPLAINS_LOSS} for finding in findings)
    if assessment.outcome != "healthy" and lost:
        return "loss"
    if any(trains(remedy.action) and not remedy.condition for remedy in cause.traits.remedies):
        return "loss"
    if assessment.outcome == "incident" and cause.traits.inputs_moved:
        # A few hundred rows may not show what the move costs, and yet show that a model that learns from it is better.
        # So would one that learns from a column that is broken.
        return None if doubt_of_new_normal(findings) else "moved"
    every = policy.explore.every_quiet_windows
    if not every:
        return None
    before = [seen.batch.id for seen in ws.ledger.batches(batch.model, limit=every - 1, before=batch.window.start)]
    tried = any(ws.ledger.findings_of(before, _GROUP).values()) if before else False
    return None if tried or len(before) < every - 1 else "quiet"


def _not_helped(ws: Workspace, policy: Policy, batch: Batch) -> Finding | None:
    """Return the trial of this loss that did not help and is too recent to be made again; nothing where one is due."""
    before = ws.ledger.batches(batch.model, limit=policy.explore.every_losing_windows - 1, before=batch.window.start)
    champion = ws.registry.champion(ws.spec.name).version
    for seen in before:
        if seen.assessment is None or seen.assessment.outcome == "healthy":
            return None
        for finding in ws.ledger.findings(seen.batch.id, _GROUP):
            # Of a window that had too few rows to try, there is no trial that could hold for later ones.
            if not finding.details.get(_EARLIER) and not (waits([finding]) and finding.value is None):
                same = finding.details.get("champion") == champion
                return finding if same and finding.verdict is not Verdict.ALERT else None
    return None


def _stopped(ws: Workspace, policy: Policy, now: datetime) -> str:
    """Return why nothing may be tried; empty where it may."""
    action, model, environment = tried_first(), ws.spec.name, environment_of(ws)
    if policy.permission(action, environment, "verified") is Permission.DENY:
        return f"The policy denies {action}."
    stopped = (
        kill_switch(ws.ledger, model, action, now=now, switches=ws.switches)
        or freeze(ws.ledger, policy, model, environment, action, now=now)
        or over_trial_budget(ws.ledger, policy.limits_in(environment), model=model, action=action, now=now)
    )
    if stopped:
        _log.info("Whether training would help is not tried: %s", stopped.reason)
    return stopped.reason if stopped else ""


def _begun(ws: Workspace, policy: Policy, plan: Json, now: datetime) -> tuple[int, float] | None:
    """Record that a trial begins, and return its number and the seconds that it may take; nothing where it may not.

    Under one hold for all models: those that begin together would otherwise spend the same minutes. A trial that was
    begun before and has no end is not tried again: its process was killed in it, or still runs.
    """
    name, plan_hash = ws.spec.name, digest(plan)
    with ws.ledger.lock("trials in the shadow"):
        known = ws.ledger.trainings(since=now - DAY, model=name)
        if any(trial.is_trial and trial.proposal_hash == plan_hash and trial.seconds is None for trial in known):
            _log.warning("Whether training would help is not tried again: the last trial of it has no end.")
            return None
        if _stopped(ws, policy, now):
            return None
        seconds = trial_seconds_left(ws.ledger, policy.limits_in(environment_of(ws)), model=name, now=now)
        return ws.ledger.begin_trial(name, plan_hash, now=now), seconds


def _tried(
    ws: Workspace,
    policy: Policy,
    batch: Batch,
    occasion: Occasion,
    findings: Sequence[Finding],
    *,
    patient: bool,
    now: datetime,
) -> Finding | None:
    from airmedic_core.training.time_limit import time_limit
    from airmedic_core.training.trial import finding_of, plans, try_training

    moved = occasion == "moved" or any(is_shift(shown) and shown.verdict is Verdict.ALERT for shown in findings)
    cause = Cause.HARMFUL_COVARIATE_SHIFT if moved else Cause.CONCEPT_DRIFT
    # Where nothing is lost, only a gain that is certainly worth a change counts.
    at_least = 0.0 if occasion == "loss" else abs(ws.spec.gate.margin)
    incident = _as_incident(batch, Cause.HEALTHY if occasion == "quiet" else cause)
    plan, _ = ACTIONS.member(tried_first()).plan(ws, incident, None)
    decided: Finding | None = None
    looks = _looks(ws)
    if patient and (not_yet := too_early(ws, batch, plan, looks)) is not None:
        return not_yet
    for variant in plans(ws.spec, plan, moved=moved):
        begun = _begun(ws, policy, variant, now)
        if begun is None:
            break
        (number, seconds), started = begun, perf_counter()
        try:
            with time_limit(seconds):
                trial = try_training(ws, variant, look=looks + 1)
        except Exception as error:
            # Only what ends the whole process leaves no end, so that a retry goes on without the trial.
            ws.ledger.end_training(number, seconds=perf_counter() - started)
            if decided is None or not isinstance(error, AirmedicError):
                raise
            break
        ws.ledger.end_training(number, seconds=perf_counter() - started)
        # Where the rows were too few to compare, nobody has seen anything.
        looks += trial.gate.difference is not None
        says = trial.says(ws.spec, at_least=at_least)
        if patient and says == "does not help" and may_help(ws, trial):
            says = "open"
        _log.info("Tried in the shadow: %s", trial.gate.reasons)
        if decided is None or decided.effect is None or says != "does not help":
            # Training is futile only where nothing helps of what was tried and could be compared.
            decided = finding_of(ws.spec, trial, says, cause)
            if patient and says == "open":
                decided = replace(decided, details={**decided.details, WAITS: True})
        if says == "helps":
            break
    # Of two trainings one is kept, and both were looks.
    return None if decided is None else replace(decided, details={**decided.details, LOOKS: looks})


def _looks(ws: Workspace) -> int:
    """Return how many trainings were compared with the champion so far, in whatever window."""
    champion = ws.registry.champion(ws.spec.name).version
    trials = ws.ledger.findings_beside(ws.spec.name, _GROUP, champion)
    return max((int(trial.details.get(LOOKS, 1)) for trial in trials), default=0)


def _as_incident(batch: Batch, cause: Cause) -> Incident:
    """Return the incident that a batch would open: the training is planned for it, and nothing is recorded of it."""
    plan: Json = {"trial_of": batch.id}
    return Incident(
        id=f"trial of {batch.id}",
        model=batch.model,
        state=IncidentState.OPEN,
        severity=cause.traits.severity,
        cause=cause,
        headline="",
        fingerprint="",
        window=batch.window,
        as_of=batch.as_of,
        batch_ids=(),
        opened_at=batch.as_of,
        resolution=plan,
    )
