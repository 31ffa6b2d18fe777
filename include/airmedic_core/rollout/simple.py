"""All rows at once: the alias moves, and the version is probed on the newest batch before anybody relies on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, final

from pydantic import BaseModel, ConfigDict, Field

from airmedic_core.errors import AirmedicError, ModelError
from airmedic_core.records import Json, Promotion, Proposal, Verdict
from airmedic_core.rollout import Health, RolloutStrategy, version_of

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.ledger import ObservedBatch
    from airmedic_core.registry import ModelVersion
    from airmedic_core.workspace import Workspace

_MOST_BATCHES = 200
"""Windows that are looked through for new ones: twice what a spec may ask to watch."""
_MOST_REASONS = 5
"""What people are told of a deployment that is unhealthy; the rest is in the findings."""
_NEARLY_ALL = 0.9
"""Share of a window's labels that must have arrived: the early ones do not stand for all."""


class Options(BaseModel):
    """Options of the simple rollout."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_probe_seconds: float = Field(default=60.0, gt=0)
    """How long scoring the newest batch may take."""


@final
class Simple(RolloutStrategy[Options]):
    """The alias moves, and the version is probed on the newest batch before anybody relies on it."""

    options = Options

    def apply(self, ws: Workspace, version: str, proposal: Proposal, options: Options, now: datetime) -> Promotion:
        """Move the alias ``champion`` to a version."""
        return ws.registry.switch(
            ws.spec.name,
            version,
            kind="deploy",
            by=ws.ledger.approved_by(proposal.hash),
            expected=(str(proposal.params["gate"]["champion"]),),
            proposal_hash=proposal.hash,
            now=now,
        )

    def verify(self, ws: Workspace, version: str, proposal: Proposal, options: Options) -> list[str]:
        """Check what the alias reads."""
        serving = ws.registry.champion(ws.spec.name).version
        return [] if serving == version else [f"The champion reads {serving}."]

    def health(self, ws: Workspace, proposal: Proposal, options: Options, now: datetime) -> Health:
        """Probe the version on the newest batch, then wait for as many new windows as the spec asks for.

        It is unhealthy if it does not load, lacks a column, predicts values that are not finite or takes too long; if
        it is surely worse on a new window whose labels have arrived, beside the version before it, than the gate
        promised; or if a new window shows a problem that began with it.
        """
        started = perf_counter()
        version = version_of(proposal)
        serving = ws.registry.by_alias(ws.spec.name, "champion")
        if serving is None or serving.version != version:
            shown = "none" if serving is None else serving.version
            return Health("unhealthy", (f"Version {version} does not serve; the champion is {shown}.",), 0.0)
        problems = _probe(ws, serving, proposal, options)
        seconds = perf_counter() - started
        if problems:
            return Health("unhealthy", tuple(problems), seconds)
        return _watch(ws, proposal, version, now, seconds)

    def undo(
        self, ws: Workspace, version: str, proposal: Proposal, snapshot: Json, options: Options, now: datetime
    ) -> str:
        """Move the alias back, unless somebody has switched since."""
        return ws.registry.switch_back(
            ws.spec.name,
            str(snapshot["champion"]),
            kind="rollback",
            expected=version,
            proposal_hash=proposal.hash,
            now=now,
        )


def _probe(ws: Workspace, version: ModelVersion, proposal: Proposal, options: Options) -> list[str]:
    from airmedic_core.scoring import probe
    from airmedic_core.sources import read_window

    newest = ws.ledger.batches(ws.spec.name, limit=1)
    window = newest[0].batch.window if newest else ws.ledger.incident(proposal.incident_id).window
    frame = read_window(ws.spec, window)
    problems, seconds = probe(ws, version, frame)
    if problems and newest and _before_fails_too(ws, frame):
        # The rows are at fault: sound ones will tell.
        return []
    if seconds > options.max_probe_seconds:
        problems.append(f"Scoring {len(frame)} rows took {seconds:.1f} s; {options.max_probe_seconds:g} s are allowed.")
    if problems or not newest:
        return problems
    return _broken_promise(ws, version, proposal, frame, newest[0])


def _before_fails_too(ws: Workspace, frame: pd.DataFrame) -> bool:
    from airmedic_core.scoring import probe

    try:
        problems, _ = probe(ws, ws.registry.rollback_target(ws.spec.name), frame)
    except ModelError:
        return False
    return bool(problems)


def _broken_promise(
    ws: Workspace, version: ModelVersion, proposal: Proposal, frame: pd.DataFrame, seen: ObservedBatch
) -> list[str]:
    """Compare with the version before on the same rows: what one window measures alone depends on the window.

    What came before the deployment was for the gate to look at.
    """
    from airmedic_core.scoring import score
    from airmedic_core.training.gate import compare

    if seen.batch.window.end <= _since(ws, proposal):
        return []
    try:
        before = score(ws, ws.registry.rollback_target(ws.spec.name), frame, seen.batch)
    except AirmedicError:
        # A version that cannot be scored cannot be the better one.
        return []
    after = score(ws, version, frame, seen.batch)
    if after.known.mean() < _NEARLY_ALL:
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
    since = _since(ws, proposal)
    recent = ws.ledger.batches(ws.spec.name, limit=_MOST_BATCHES)
    # The rows of a window whose data are broken say nothing about the model.
    seen = [
        window
        for window in recent
        if window.batch.window.end > since
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


def _since(ws: Workspace, proposal: Proposal) -> datetime:
    """Return the end of the last window before the deployment."""
    # Not the incident's as_of: a bad window joins the open incident and moves that.
    return ws.ledger.incident(proposal.incident_id).window.end


def _trouble(ws: Workspace, seen: ObservedBatch) -> list[str]:
    assessment = seen.assessment
    if assessment is not None and assessment.outcome == "incident" and assessment.cause.traits.of_version:
        return [f"{seen.batch.window}: {assessment.headline}"]
    findings = ws.ledger.findings(seen.batch.id, "performance")
    return [
        f"{seen.batch.window}: {alert.message or alert.key}" for alert in findings if alert.verdict is Verdict.ALERT
    ]
