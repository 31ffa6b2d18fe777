"""Tries before anybody is asked: whether a model that is trained in the shadow would do better than the champion.

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
from airmedic_core.assess.signs import WAITS, WHOLE, is_shift
from airmedic_core.causes import Cause, CauseKind
from airmedic_core.decide.kill_switch import kill_switch
from airmedic_core.decide.limits import freeze
from airmedic_core.decide.training_budget import DAY, over_trial_budget, trial_seconds_left
from airmedic_core.errors import AirmedicError, SpecError
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
    from airmedic_core.training.trial import Trial
    from airmedic_core.workspace import Workspace

Occasion = Literal["loss", "moved", "quiet"]

_GROUP: Literal["trial"] = "trial"
_PATIENCE = 3
"""Windows in a row in which moved inputs are only watched, because trials leave open what they cost. What so many
windows do not show is little, and people are asked what is normal from then on."""
_ENOUGH = 5
"""Times the gate's ``min_rows``, the labelled rows since inputs moved from which on a training is tried that no loss
calls for. Of fewer, the part that is compared on shows none but enormous gains, and each look makes the next one
stricter."""
_EARLIER = "of_an_earlier_window"
"""Key in the details of a trial's finding that was taken over from a window before."""
_LOOKS = "looks"
"""Key in the details of a trial: how many trainings had been compared with its champion by then, its own among them."""
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
    known = _kept(ws, batch)
    assessment = assess(ws, batch)
    if known:
        return assessment
    try:
        finding = explore(ws, batch, assessment, now=now)
    except Exception as error:  # noqa: BLE001  a team's own training may raise anything, and nobody asked for this one
        _log.warning("Whether training would help was not tried: %s: %s", type(error).__name__, error)
        return assessment
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
    if occasion != "quiet" and (last := _not_helped(ws, policy, batch)) is not None:
        # It holds as long as it is not tried again; one that left it open says nothing of this window.
        details = {**last.details, "as_of": batch.as_of.isoformat(), _EARLIER: True}
        stands = replace(last, message=f"As tried in an earlier window: {last.message}", details=details)
        return stands if last.verdict is Verdict.OK else None
    if _stopped(ws, policy, now):
        return None
    return _tried(ws, policy, batch, occasion, findings, now=now)


def _is_watched(ws: Workspace) -> bool:
    """Return whether a version is tried beside the champion: what it shows is waited for, and no other one trained."""
    trial = ws.registry.trial(ws.spec.name)
    return trial is not None and trial.kind != "standby"


def _kept(ws: Workspace, batch: Batch) -> bool:
    """Return whether the trial of a batch stands; of one with fewer labels than are known now, the looks remain."""
    earlier = ws.ledger.findings(batch.id, _GROUP)
    if not earlier:
        return False
    if all(finding.details.get("as_of") == batch.as_of.isoformat() for finding in earlier):
        return True
    last = earlier[-1]
    kept = {name: last.details[name] for name in ("as_of", "champion", _LOOKS, _EARLIER) if name in last.details}
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
        return "moved"
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
            if not finding.details.get(_EARLIER):
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
    ws: Workspace, policy: Policy, batch: Batch, occasion: Occasion, findings: Sequence[Finding], *, now: datetime
) -> Finding | None:
    from airmedic_core.training.time_limit import time_limit
    from airmedic_core.training.trial import finding_of, plans, try_training

    moved = occasion == "moved" or any(is_shift(shown) and shown.verdict is Verdict.ALERT for shown in findings)
    cause = Cause.HARMFUL_COVARIATE_SHIFT if moved else Cause.CONCEPT_DRIFT
    # Where nothing is lost, only a gain that is certainly worth a change counts.
    at_least = abs(ws.spec.gate.margin) if occasion == "quiet" else 0.0
    incident = _as_incident(batch, Cause.HEALTHY if occasion == "quiet" else cause)
    plan, _ = ACTIONS.member(tried_first()).plan(ws, incident, None)
    waits = occasion == "moved" and _waited(ws, batch) < _PATIENCE
    decided: Finding | None = None
    looks = _looks(ws)
    if waits and (not_yet := _not_yet(ws, batch, plan, looks)) is not None:
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
        if waits and says == "does not help" and _may_help(ws, trial):
            says = "open"
        _log.info("Tried in the shadow: %s", trial.gate.reasons)
        if decided is None or decided.effect is None or says != "does not help":
            # Training is futile only where nothing helps of what was tried and could be compared.
            decided = finding_of(ws.spec, trial, says, cause)
            if waits and says == "open":
                decided = replace(decided, details={**decided.details, WAITS: True})
        if says == "helps":
            break
    # Of two trainings one is kept, and both were looks.
    return None if decided is None else replace(decided, details={**decided.details, _LOOKS: looks})


def _may_help(ws: Workspace, trial: Trial) -> bool:
    """Return whether a training may still help that the gate has refused: the interval of its gain leaves room for it.

    That spares people the question about a training. It is too little to call a move harmless.
    """
    return trial.gate.high is None or trial.gate.high >= abs(ws.spec.gate.margin)


def _not_yet(ws: Workspace, batch: Batch, plan: Json, looks: int) -> Finding | None:
    """Return that it is too early to try, where the rows since a move are too few to learn from and to compare on."""
    from airmedic_core.training.learned_rows import LEARNS_FROM
    from airmedic_core.training.trial import CHECK

    counts = plan.get(LEARNS_FROM) or {}
    rows, needed = counts.get("since_change", 0) + counts.get("withheld", 0), _ENOUGH * ws.spec.gate.min_rows
    if rows >= needed:
        return None
    text = (
        f"Whether retraining would help is not tried before {needed:,} labelled rows have moved inputs: {rows:,} have."
    )
    champion = ws.registry.champion(ws.spec.name).version
    details: Json = {"as_of": batch.as_of.isoformat(), "champion": champion, WAITS: True, _LOOKS: looks}
    return Finding(
        CHECK, WHOLE, ws.spec.metric, Verdict.UNKNOWN, message=text, role=Role.TRIAL, details=details
    )  # fmt: skip


def _waited(ws: Workspace, batch: Batch) -> int:
    """Return how many windows in a row before a batch were only watched, because a trial left their move open."""
    before = [seen.batch.id for seen in ws.ledger.batches(batch.model, limit=_PATIENCE, before=batch.window.start)]
    waited = 0
    for batch_id in before:
        if not any(trial.details.get(WAITS) for trial in ws.ledger.findings(batch_id, _GROUP)):
            break
        waited += 1
    return waited


def _looks(ws: Workspace) -> int:
    """Return how many trainings were compared with the champion so far, in whatever window."""
    champion = ws.registry.champion(ws.spec.name).version
    trials = ws.ledger.findings_beside(ws.spec.name, _GROUP, champion)
    return max((int(trial.details.get(_LOOKS, 1)) for trial in trials), default=0)


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
