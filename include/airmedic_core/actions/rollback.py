"""Goes back to the version that served before, once it has shown that it can serve."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Path, StoppedBy
from airmedic_core.errors import ActionError, ModelError, SourceError
from airmedic_core.history import ASKED_VERSION, OVERRIDE, History, Outcome, measured
from airmedic_core.narrowing import Choice, Field
from airmedic_core.records import TAKES_BACK, Diagnosis, GateResult, Incident, IncidentState, Json, Proposal
from airmedic_core.registry.departures import CLEARLY_WORSE

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.ledger import RecordedAction
    from airmedic_core.registry import ModelVersion
    from airmedic_core.workspace import Workspace

_PROBED_ROWS = 1000
"""Newest rows on which a version must predict before it may serve: enough to meet each category that is not rare."""
_LISTED = 10
"""Versions that are listed with how they left service."""
_OFFERED = 3
"""Further versions that are compared and offered: each takes as long as the comparison that is made anyway."""
_OTHERS = "others"
"""Parameter: further versions that an approver may choose → how each compares with the one that serves."""
_OVERRIDE_HINT = "Name another version, or override this in the form, with the reason."


@final
class Rollback(Action):
    """Goes back to the version that served before, once it has shown that it can serve."""

    description = "Makes the version that served before the champion again."
    changes_production = True
    imperative = "Roll back"
    infinitive = "roll back"
    choice = "Roll back to the previous version"
    path = Path.ROLLBACK
    stopped_by = StoppedBy.KILL_SWITCH
    undone = (
        "By itself, should the version not predict, or be clearly worse on the newest rows. After that by another "
        "rollback, which somebody asks for and approves."
    )
    # Another version compares otherwise, and needs no reason that was given against the first one.
    plans_anew = ("compared", "versions", _OTHERS, "against", OVERRIDE, CLEARLY_WORSE)

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Name the version to go back to, and compare it with the one that serves.

        Raises
        ------
        ActionError
            If it left service as bad or is clearly worse, and nobody has overridden that with a reason.
        """
        name, asked = ws.spec.name, incident.resolution
        serving = ws.registry.champion(name)
        wanted = str(asked.get(ASKED_VERSION) or "")
        target = ws.registry.version(name, wanted) if wanted else ws.registry.rollback_target(name)
        if target.version == serving.version:
            raise ActionError(f"Version {target.version} of {name!r} serves already.", "Name another version.")
        params, expected = _planned(ws, serving, target, incident, override=str(asked.get(OVERRIDE) or ""))
        # Where a person has named the version, that version is the question.
        others = {} if wanted or ws.spec.only_logged else _others(ws, serving, target, incident)
        return params | ({_OTHERS: others} if others else {}), expected

    def narrowing(self, proposal: Proposal) -> Sequence[Field]:
        """Let approvers choose another of the versions that the comparison allows, unless an action is taken back."""
        others = tuple(proposal.params.get(_OTHERS, ()))
        if not others or TAKES_BACK in proposal.params:
            return ()
        return [Choice("version", "Version to go back to", str(proposal.params["version"]), others)]

    def narrowed(self, ws: Workspace, proposal: Proposal, chosen: Json) -> tuple[Json, str]:
        """Compare the chosen version as it does now. No reason that was given for another one holds for it.

        Raises
        ------
        ActionError
            If it is clearly worse meanwhile, or another version serves.
        """
        name, before = ws.spec.name, str(proposal.params["from_version"])
        serving, target = ws.registry.champion(name), ws.registry.version(name, str(chosen["version"]))
        if serving.version != before:
            raise ActionError(f"Version {serving.version} serves, not {before} as proposed.", "Decide again.")
        params, expected = _planned(ws, serving, target, ws.ledger.incident(proposal.incident_id), override="")
        others = {version: told for version, told in proposal.params[_OTHERS].items() if version != target.version}
        return params | ({_OTHERS: others} if others else {}), expected

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name both versions."""
        params = proposal.params
        return [f"Version {params.get('version')} serves again in place of version {params.get('from_version')}."]

    def warning(self, proposal: Proposal) -> str:
        """Say why this version should not come back, and why a person wants it all the same."""
        if "against" not in proposal.params:
            return ""
        return f"{proposal.params['against']} This is overridden: {proposal.params[OVERRIDE]}"

    def background(self, proposal: Proposal) -> Sequence[str]:
        """List the versions with how they left service, and how those compare that may be chosen instead."""
        others = proposal.params.get(_OTHERS, {})
        instead = [f"version {version} may be chosen instead. {compared}" for version, compared in others.items()]
        return [*(str(line) for line in proposal.params.get("versions", ())), *instead]

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that the target exists, loads, takes the same features and predicts finite values on recent rows."""
        from airmedic_core.scoring import probe

        name, version = ws.spec.name, str(proposal.params["version"])
        target, serving = ws.registry.version(name, version), _serving(ws, proposal)
        if ws.spec.only_logged:
            if _dag(ws) != proposal.params["dag_id"]:
                raise ActionError(f"The DAG that rolls back is {_dag(ws)!r} now.", "Decide again.")
            return
        problems, _ = probe(ws, target, _recent_rows(ws, proposal))
        if not problems and serving.version != version:
            problems = _other_features(ws, serving, target)
        if problems:
            raise ActionError(f"Version {version} of {name!r} cannot serve: {' '.join(problems)}", "Retrain instead.")
        if OVERRIDE not in proposal.params and serving.version != version:
            incident = ws.ledger.incident(proposal.incident_id)
            if against := _against(ws, target, _compared(ws, serving, target, incident)):
                raise ActionError(f"Version {version} of {name!r} must not come back: {against}", "Decide again.")

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep what serves."""
        return {"champion": ws.registry.champion(ws.spec.name).version}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say which version would serve."""
        return f"Version {params['version']} of {ws.spec.name} would serve in place of {params['from_version']}."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Switch, unless somebody has switched while a process that was killed left the rollback begun."""
        _serving(ws, proposal)
        if ws.spec.only_logged:
            named = {key: str(proposal.params[key]) for key in ("dag_id", "version", "from_version")}
            return {"summary": f"{named['dag_id']} is asked to put version {named['version']} in service.", **named}
        from airmedic_core.targets import tell

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
        ws.registry.end_standby(ws.spec.name)
        tell(ws)
        return {
            "summary": f"Version {promotion.to_version} serves again in place of {promotion.from_version}.",
            "version": promotion.to_version,
            "from_version": promotion.from_version,
            "switch_seconds": perf_counter() - started,
        }

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Read the alias again, let what serves now predict, and measure whether it does better."""
        from airmedic_core.scoring import probe
        from airmedic_core.training.newest import clearly_worse, told

        if ws.spec.only_logged:
            # The logged predictions tell, later on.
            return []
        serving = ws.registry.champion(ws.spec.name)
        if serving.version != str(output["version"]):
            return [f"The champion reads {serving.version}."]
        problems, _ = probe(ws, serving, _recent_rows(ws, proposal))
        if problems or OVERRIDE in proposal.params:
            return problems
        before = ws.registry.version(ws.spec.name, str(output["from_version"]))
        comparison = _compared(ws, before, serving, ws.ledger.incident(proposal.incident_id))
        return [told(comparison)] if clearly_worse(comparison) else []

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Switch to what served when the rollback began, unless somebody has switched since."""
        if ws.spec.only_logged:
            return f"Whatever {proposal.params['dag_id']} has done is left as it is."
        from airmedic_core.targets import tell

        told = ws.registry.switch_back(
            ws.spec.name,
            str(snapshot["champion"]),
            kind="deploy",
            expected=str(proposal.params["version"]),
            proposal_hash=proposal.hash,
            now=now,
        )
        tell(ws)
        return told

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Look for the switch, and measure both versions on the newest batch."""
        proposal = history.proposal_of(done)
        if proposal is not None and TAKES_BACK in proposal.params:
            # What it took back was the remedy: the problem is as it was before.
            return Outcome(IncidentState.UNDONE, "undone", done.summary)
        if history.ws.spec.only_logged:
            return _seen_in_predictions(history, done, proposal)
        switched = [p for p in history.ws.ledger.promotions(history.incident.model) if p.kind == "rollback"]
        mine = next((p for p in switched if p.proposal_hash == done.proposal_hash), None)
        if mine is None:
            return Outcome(IncidentState.ESCALATED, "failed", "The ledger holds no promotion for this rollback.")
        before = measured(history.ws, history.incident, mine.from_version)
        after = measured(history.ws, history.incident, mine.to_version)
        return Outcome(IncidentState.RESOLVED, "rolled_back", done.summary, before=before, after=after)


def _planned(
    ws: Workspace, serving: ModelVersion, target: ModelVersion, incident: Incident, *, override: str
) -> tuple[Json, str]:
    from airmedic_core.training.newest import clearly_worse, told

    comparison = _compared(ws, serving, target, incident)
    against = _against(ws, target, comparison)
    if against and not override:
        what = f"Version {target.version} of {ws.spec.name!r} must not come back"
        raise ActionError(f"{what}: {against}", _OVERRIDE_HINT)
    expected = f"Version {target.version} serves again within seconds. {told(comparison)}"
    if ws.spec.only_logged:
        expected = f"Version {target.version} serves again once {_dag(ws)} has run."
    params: Json = {
        "version": target.version,
        "from_version": serving.version,
        "compared": told(comparison),
        "versions": _history(ws, serving),
    }
    if against:
        params |= {"against": against, OVERRIDE: override}
        if clearly_worse(comparison):
            params[CLEARLY_WORSE] = True
    if ws.spec.only_logged:
        params |= {"dag_id": _dag(ws)}
    return params, expected


def _others(ws: Workspace, serving: ModelVersion, target: ModelVersion, incident: Incident) -> Json:
    """Return the newest versions that served, left without a fault and are not clearly worse, with how they compare."""
    from airmedic_core.training.newest import clearly_worse, compare_all_on_newest_rows, told

    left = sorted(ws.registry.departures(ws.spec.name).values(), key=lambda departure: departure.at, reverse=True)
    good = (departure.version for departure in left if not departure.bad)
    there = (_existing(ws, name) for name in good if name not in {serving.version, target.version})
    versions = list(islice(filter(None, there), _OFFERED))
    if not versions:
        return {}
    compared = compare_all_on_newest_rows(ws, serving, versions, as_of=incident.as_of)
    return {result.challenger: told(result) for result in compared if not clearly_worse(result)}


def _existing(ws: Workspace, version: str) -> ModelVersion | None:
    """Return a version, or nothing where somebody has deleted it since it served."""
    try:
        return ws.registry.version(ws.spec.name, version)
    except ModelError:
        return None


def _dag(ws: Workspace) -> str:
    if not ws.spec.rollout.dag:
        raise ActionError(
            f"{ws.spec.name!r} is in no registry, so Airmedic cannot roll it back.",
            "Name the DAG that does: rollout: dag:<dag_id>.",
        )
    return ws.spec.rollout.dag


def _seen_in_predictions(history: History, done: RecordedAction, proposal: Proposal | None) -> Outcome:
    """Judge a rollback by the logged predictions: whether they are the wanted version's."""
    serving = history.ws.registry.champion(history.incident.model).version
    if proposal is not None and serving == str(proposal.params["version"]):
        return Outcome(IncidentState.RESOLVED, "rolled_back", f"{done.summary} Its predictions are logged.")
    summary = f"{done.summary} The newest logged predictions are those of version {serving}."
    return Outcome(IncidentState.ESCALATED, "inconclusive", summary)


def _compared(ws: Workspace, serving: ModelVersion, target: ModelVersion, incident: Incident) -> GateResult:
    from airmedic_core.training.newest import compare_on_newest_rows

    return compare_on_newest_rows(ws, serving, target, as_of=incident.as_of)


def _against(ws: Workspace, target: ModelVersion, comparison: GateResult) -> str:
    """Return what speaks against going back to a version; nothing if all is well."""
    from airmedic_core.training.newest import clearly_worse, told

    left = ws.registry.departures(ws.spec.name).get(target.version)
    reasons = [f"{left}."] if left is not None and left.bad else []
    if clearly_worse(comparison):
        reasons.append(f"it is clearly worse. {told(comparison)}")
    sentence = " And ".join(reasons)
    return sentence[:1].upper() + sentence[1:]


def _history(ws: Workspace, serving: ModelVersion) -> list[str]:
    left = ws.registry.departures(ws.spec.name)
    served = sorted(left.values(), key=lambda departure: departure.at, reverse=True)[:_LISTED]
    return [f"version {serving.version} serves", *map(str, served)]


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
    from airmedic_core.repair import read_as_repaired

    newest = ws.ledger.batches(ws.spec.name, limit=1)
    window = newest[0].batch.window if newest else ws.ledger.incident(proposal.incident_id).window
    frame = read_as_repaired(ws, window)
    if frame.empty:
        raise SourceError(f"{window} has no rows to try the version on.", "Wait for the next batch.")
    recent: pd.DataFrame = frame.tail(_PROBED_ROWS)
    return recent
