"""Goes back to the version that served before, once it has shown that it can serve."""

from __future__ import annotations

from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Path, StoppedBy
from airmedic_core.errors import ActionError, ModelError, SourceError
from airmedic_core.history import TAKES_BACK, History, Outcome, measured
from airmedic_core.records import Diagnosis, Incident, IncidentState, Json, Proposal

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.ledger import RecordedAction
    from airmedic_core.registry import ModelVersion
    from airmedic_core.workspace import Workspace

_PROBED_ROWS = 1000


@final
class Rollback(Action):
    """Goes back to the version that served before, once it has shown that it can serve."""

    description = "Makes the version that served before the champion again."
    changes_production = True
    request = "Roll back"
    infinitive = "roll back"
    choice = "Roll back to the previous version"
    path = Path.ROLLBACK
    stopped_by = StoppedBy.KILL_SWITCH

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Name the version to go back to."""
        target = ws.registry.rollback_target(ws.spec.name)
        serving = ws.registry.champion(ws.spec.name)
        params: Json = {"version": target.version, "from_version": serving.version}
        return params, f"Version {target.version} serves again within seconds, with the performance it had."

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that the target exists, loads, takes the same features and predicts finite values on recent rows."""
        from airmedic_core.scoring import probe

        name, version = ws.spec.name, str(proposal.params["version"])
        target, serving = ws.registry.version(name, version), _serving(ws, proposal)
        problems, _ = probe(ws, target, _recent_rows(ws, proposal))
        if not problems and serving.version != version:
            problems = _other_features(ws, serving, target)
        if problems:
            raise ActionError(f"Version {version} of {name!r} cannot serve: {' '.join(problems)}", "Retrain instead.")

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep what serves."""
        return {"champion": ws.registry.champion(ws.spec.name).version}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say which version would serve."""
        return f"Version {params['version']} of {ws.spec.name} would serve in place of {params['from_version']}."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Switch, unless somebody has switched while a process that was killed left the rollback begun."""
        _serving(ws, proposal)
        started = perf_counter()
        promotion = ws.registry.switch(
            ws.spec.name,
            str(proposal.params["version"]),
            kind="rollback",
            by=ws.ledger.approved_by(proposal.hash),
            expected=(str(proposal.params["from_version"]),),
            proposal_hash=proposal.hash,
            now=now,
        )
        return {
            "summary": f"Version {promotion.to_version} serves again in place of {promotion.from_version}.",
            "version": promotion.to_version,
            "from_version": promotion.from_version,
            "switch_seconds": perf_counter() - started,
        }

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Read the alias again, and let what serves now predict."""
        from airmedic_core.scoring import probe

        serving = ws.registry.champion(ws.spec.name)
        if serving.version != str(output["version"]):
            return [f"The champion reads {serving.version}."]
        return probe(ws, serving, _recent_rows(ws, proposal))[0]

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Switch to what served when the rollback began, unless somebody has switched since."""
        before, taken = str(snapshot["champion"]), str(proposal.params["version"])
        serving = ws.registry.champion(ws.spec.name).version
        if serving not in {before, taken}:
            return f"Version {serving} serves now; it is left in place."
        ws.registry.switch(
            ws.spec.name,
            before,
            kind="deploy",
            by="airmedic",
            expected=(taken,),
            proposal_hash=proposal.hash,
            now=now,
        )
        return f"Version {before} serves as before."

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Look for the switch, and measure both versions on the newest batch."""
        proposal = history.proposal_of(done)
        if proposal is not None and TAKES_BACK in proposal.params:
            # What it took back was the remedy: the problem is as it was before.
            return Outcome(IncidentState.UNDONE, "undone", done.summary)
        switched = [p for p in history.ws.ledger.promotions(history.incident.model) if p.kind == "rollback"]
        mine = next((p for p in switched if p.proposal_hash == done.proposal_hash), None)
        if mine is None:
            return Outcome(IncidentState.ESCALATED, "failed", "The ledger holds no promotion for this rollback.")
        before = measured(history.ws, history.incident, mine.from_version)
        after = measured(history.ws, history.incident, mine.to_version)
        return Outcome(IncidentState.RESOLVED, "rolled_back", done.summary, before=before, after=after)


def _serving(ws: Workspace, proposal: Proposal) -> ModelVersion:
    """Return what serves, if it is one of the two versions that the proposal speaks of."""
    serving = ws.registry.champion(ws.spec.name)
    expected = str(proposal.params["from_version"])
    if serving.version not in {expected, str(proposal.params["version"])}:
        raise ActionError(f"Version {serving.version} serves, not {expected} as proposed.", "Decide again.")
    return serving


def _other_features(ws: Workspace, serving: ModelVersion, target: ModelVersion) -> list[str]:
    try:
        now = set(ws.registry.inputs(serving).columns)
    except ModelError:
        # A champion that does not load is what a rollback is for.
        return []
    wanted = set(ws.registry.inputs(target).columns)
    missing = sorted(wanted - now)
    return [f"It takes {', '.join(missing[:5])}, which the champion does not."] if missing else []


def _recent_rows(ws: Workspace, proposal: Proposal) -> pd.DataFrame:
    from airmedic_core.sources import read_window

    newest = ws.ledger.batches(ws.spec.name, limit=1)
    window = newest[0].batch.window if newest else ws.ledger.incident(proposal.incident_id).window
    frame = read_window(ws.spec, window)
    if frame.empty:
        raise SourceError(f"{window} has no rows to try the version on.", "Wait for the next batch.")
    recent: pd.DataFrame = frame.tail(_PROBED_ROWS)
    return recent
