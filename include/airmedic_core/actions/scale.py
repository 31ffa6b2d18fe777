"""Gives a model more capacity, by the hook or the DAG that its spec names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Path
from airmedic_core.causes import Cause
from airmedic_core.errors import ActionError, TargetError
from airmedic_core.records import Diagnosis, Incident, Json, Proposal, digest

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
        hook = {"hook": _shown(scale), "hook_digest": _digest(scale)}
        return {**hook, "from": now, "replicas": wanted, **bounds}, expected

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
            return [f"It is undone by telling the hook {params['from']} again, unless somebody has changed it since."]
        by = params["undo_dag"]
        return [f"If the DAG fails, {by} takes back what it did." if by else "Nothing takes back what the DAG does."]

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that the spec still says so, and that the hook answers."""
        params = proposal.params
        scale = _as_approved(ws, params)
        if "dag_id" not in params:
            _require_no_more(_replicas(scale), params["replicas"])

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep how many replicas there are."""
        if "dag_id" in proposal.params:
            return {}
        return {"replicas": _replicas(_as_approved(ws, proposal.params))}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say what would be told to whom."""
        if "dag_id" in params:
            return f"The DAG {params['dag_id']} would add {params['add']} replica(s), up to {params['most']}."
        return f"{params['hook']} would be told that {params['replicas']} replicas are to serve, not {params['from']}."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Tell the hook, unless it says so already; of a DAG, record that it is asked."""
        params = proposal.params
        scale = _as_approved(ws, params)
        if "dag_id" in params:
            return {"summary": f"{params['dag_id']} is asked to add {params['add']} replica(s)."}
        wanted, serving = params["replicas"], _replicas(scale)
        # Where a process was killed, somebody may have added more before this one goes on.
        _require_no_more(serving, wanted)
        if serving < wanted:
            _tell(ws, scale, wanted)
        return {"summary": f"{wanted} replicas are to serve.", "replicas": wanted}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Ask the hook, and do not believe what it answered when it was told. More is no fault: somebody added them."""
        params = proposal.params
        if "dag_id" in params:
            return []
        serving, wanted = _replicas(_as_approved(ws, params)), params["replicas"]
        return [] if serving >= wanted else [f"{serving} replicas serve, not {wanted}."]

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Tell the hook the number before, unless it says another one than it was told, or the spec has changed.

        A DAG's work is taken back by the DAG that the spec named for it.
        """
        params = proposal.params
        if "dag_id" in params:
            by = params["undo_dag"]
            return f"It is left to the DAG {by} to take it back." if by else "What the DAG has done is left as it is."
        before = int(snapshot["replicas"])
        try:
            scale = _as_approved(ws, params, before)
        except ActionError as error:
            return f"{error.problem} The replicas are left as they are."
        serving = _replicas(scale)
        if serving == before:
            return f"{before} replicas serve, as before."
        if serving != params["replicas"]:
            return (
                f"{serving} replicas serve, not {params['replicas']}: somebody has changed it since, "
                "and it is left as it is."
            )
        _tell(ws, scale, before)
        return f"{before} replicas are to serve again."


def _section(ws: Workspace) -> ScaleSection:
    if ws.spec.scale is None:
        raise ActionError(f"{ws.spec.name!r} does not say how it is scaled.", "Set scale in the spec.")
    return ws.spec.scale


def _as_approved(ws: Workspace, params: Json, replicas: int | None = None) -> ScaleSection:
    """Return how a model is scaled, if the spec still says what was approved.

    Parameters
    ----------
    ws : Workspace
        The model.
    params : dict
        The proposal that was approved.
    replicas : int, optional
        What the hook is to be told; what was approved where not given.

    Raises
    ------
    ActionError
        If the spec names another hook, another DAG or other bounds.
    """
    scale = _section(ws)
    if "dag_id" in params:
        names = ("dag_id", "undo_dag", "least", "most")
        said = (scale.dag, scale.undo_dag, scale.least, scale.most)
        if said != tuple(params[name] for name in names) or params["add"] > scale.step:
            raise ActionError("The spec says something else of scaling now.", "Decide again.")
        return scale
    # The address as it is shown lacks its query, which may name what is scaled.
    if not scale.url or (_shown(scale), _digest(scale)) != (params["hook"], params.get("hook_digest")):
        raise ActionError("The spec names another hook now.", "Decide again.")
    told = params["replicas"] if replicas is None else replicas
    if not scale.least <= told <= scale.most:
        raise ActionError(f"The spec allows {scale.least} to {scale.most} replicas now, not {told}.", "Decide again.")
    return scale


def _require_no_more(serving: int, wanted: int) -> None:
    # Fewer than there are would be less capacity.
    if serving > wanted:
        raise ActionError(f"{serving} replicas serve already, more than {wanted}.", "Decide again.")


def _digest(scale: ScaleSection) -> str:
    """Return what tells one hook from another without telling what its address holds."""
    return digest([scale.url, scale.token_variable])


def _shown(scale: ScaleSection) -> str:
    """Return the hook's address as a proposal may hold it."""
    from airmedic_core.json_calls import without_secrets

    return without_secrets(scale.url)


def _replicas(scale: ScaleSection) -> int:
    """Return how many replicas the hook says there are."""
    return _counted(scale, _asked("GET", scale))


def _tell(ws: Workspace, scale: ScaleSection, replicas: int) -> None:
    """Tell the hook how many replicas there are to be."""
    answered = _counted(scale, _asked("POST", scale, {"model": ws.spec.name, "replicas": replicas}))
    if answered != replicas:
        raise TargetError(
            f"{_shown(scale)} was told {replicas} replicas, and answers {answered}.",
            "It has to answer how many there are to be.",
        )


def _counted(scale: ScaleSection, answered: Json) -> int:
    count = answered.get("replicas")
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _MOST_REPLICAS:
        # What else it answers may repeat what it was sent, such as the token.
        raise TargetError(
            f"{_shown(scale)} answers no number of replicas.",
            f"It has to answer a whole number from 0 to {_MOST_REPLICAS} as replicas.",
        )
    return count


def _asked(method: str, scale: ScaleSection, body: Json | None = None) -> Json:
    from airmedic_core.json_calls import bearer, call

    headers = bearer(scale.token_variable)
    return call(method, scale.url, body, timeout_seconds=scale.timeout_seconds, headers=headers)
