"""Gives a model more capacity, by the hook or the DAG that its spec names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Path
from airmedic_core.causes import Cause
from airmedic_core.errors import ActionError, TargetError
from airmedic_core.records import Diagnosis, Incident, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.spec import ScaleSection
    from airmedic_core.workspace import Workspace

_MOST_REPLICAS = 1_000_000
"""A hook that answers more than this counts something else."""


@final
class Scale(Action):
    """Gives a model more capacity, by the hook or the DAG that its spec names.

    A hook is told how many replicas there are to be, and asked afterwards. A DAG is told how many to add; its run says
    whether it has, and the Airflow layer starts it. Both stay within the bounds of the spec.
    """

    description = "Adds replicas, by the hook or the DAG that the spec names."
    changes_production = True
    imperative = "Add capacity to"
    infinitive = "add capacity"
    choice = "Add capacity"
    path = Path.SCALE
    of_window = True
    needs = ("scale",)

    def called_for(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis) -> bool:
        """Ask for more capacity where predictions are slow; a new version that is slow is rolled back before."""
        return diagnosis.cause is Cause.LATENCY_REGRESSION

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Add a step, within the bounds of the spec."""
        scale = _section(ws)
        bounds: Json = {"least": scale.least, "most": scale.most}
        expected = "Predictions take less time in the windows that follow."
        if scale.dag:
            return {"dag_id": scale.dag, "undo_dag": scale.undo_dag, "add": scale.step, **bounds}, expected
        now = _replicas(scale)
        wanted = min(max(now + scale.step, scale.least), scale.most)
        if wanted <= now:
            raise ActionError(
                f"{now} replicas serve {ws.spec.name!r}, and the spec allows {scale.most}.", "Raise scale.most."
            )
        return {"hook": _shown(scale), "from": now, "replicas": wanted, **bounds}, expected

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name the hook or the DAG, and the number."""
        params = proposal.params
        if "dag_id" in params:
            return [f"The DAG {params['dag_id']} adds {params['add']} replica(s), up to {params['most']}."]
        return [f"{params['replicas']} replicas serve, where {params['from']} do now."]

    def background(self, proposal: Proposal) -> Sequence[str]:
        """Say how it is undone: only what a spec names can take back what a DAG did."""
        params = proposal.params
        if "dag_id" not in params:
            return [f"It is undone by telling the hook {params['from']} again."]
        by = params["undo_dag"]
        return [f"If the DAG fails, {by} takes back what it did." if by else "Nothing takes back what the DAG does."]

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that the spec still says so, and that the hook answers."""
        scale, params = _section(ws), proposal.params
        if "dag_id" in params:
            if (scale.dag, scale.undo_dag) != (params["dag_id"], params["undo_dag"]) or params["add"] > scale.step:
                raise ActionError("The spec says something else of scaling now.", "Decide again.")
            return
        if not scale.url or _shown(scale) != params["hook"]:
            raise ActionError("The spec names another hook now.", "Decide again.")
        if not scale.least <= params["replicas"] <= scale.most:
            raise ActionError(
                f"The spec allows {scale.least} to {scale.most} replicas now, not {params['replicas']}.",
                "Decide again.",
            )
        now = _replicas(scale)
        if now > params["replicas"]:
            # Fewer than there are would be less capacity.
            raise ActionError(f"{now} replicas serve already.", "Decide again.")

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep how many replicas there are."""
        return {} if "dag_id" in proposal.params else {"replicas": _replicas(_section(ws))}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say what would be told to whom."""
        if "dag_id" in params:
            return f"The DAG {params['dag_id']} would add {params['add']} replica(s), up to {params['most']}."
        return f"{params['hook']} would be told that {params['replicas']} replicas are to serve, not {params['from']}."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Tell the hook; of a DAG, record that it is asked."""
        params = proposal.params
        if "dag_id" in params:
            return {"summary": f"{params['dag_id']} is asked to add {params['add']} replica(s)."}
        _tell(ws, params["replicas"])
        return {"summary": f"{params['replicas']} replicas are to serve.", "replicas": params["replicas"]}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Ask the hook, and do not believe what it answered when it was told."""
        if "dag_id" in proposal.params:
            return []
        now, wanted = _replicas(_section(ws)), proposal.params["replicas"]
        return [] if now == wanted else [f"{now} replicas serve, not {wanted}."]

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Tell the hook the number before. A DAG's work is taken back by the DAG that the spec named for it."""
        params = proposal.params
        if "dag_id" in params:
            by = params["undo_dag"]
            return f"It is left to the DAG {by} to take it back." if by else "What the DAG has done is left as it is."
        before = int(snapshot["replicas"])
        if _replicas(_section(ws)) != before:
            _tell(ws, before)
        return f"{before} replicas are to serve again."


def _section(ws: Workspace) -> ScaleSection:
    if ws.spec.scale is None:
        raise ActionError(f"{ws.spec.name!r} does not say how it is scaled.", "Set scale in the spec.")
    return ws.spec.scale


def _shown(scale: ScaleSection) -> str:
    """Return the hook's address as a proposal may hold it."""
    from airmedic_core.json_calls import without_secrets

    return without_secrets(scale.url)


def _replicas(scale: ScaleSection) -> int:
    """Return how many replicas the hook says there are."""
    return _counted(scale, _asked("GET", scale))


def _tell(ws: Workspace, replicas: int) -> None:
    """Tell the hook how many replicas there are to be."""
    scale = _section(ws)
    answered = _counted(scale, _asked("POST", scale, {"model": ws.spec.name, "replicas": replicas}))
    if answered != replicas:
        raise TargetError(
            f"{_shown(scale)} was told {replicas} replicas, and answers {answered}.",
            "It has to answer how many there are to be.",
        )


def _counted(scale: ScaleSection, answered: Json) -> int:
    count = answered.get("replicas")
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _MOST_REPLICAS:
        raise TargetError(
            f"{_shown(scale)} answers {count!r:.40} replicas.", "It has to answer a whole number as replicas."
        )
    return count


def _asked(method: str, scale: ScaleSection, body: Json | None = None) -> Json:
    from airmedic_core.json_calls import call

    headers = {}
    if scale.token_variable:
        token = os.environ.get(scale.token_variable, "").strip()
        if not token:
            raise TargetError(f"The environment variable {scale.token_variable} is not set.", "It holds the token.")
        headers["Authorization"] = f"Bearer {token}"
    return call(method, scale.url, body, timeout_seconds=scale.timeout_seconds, headers=headers)
