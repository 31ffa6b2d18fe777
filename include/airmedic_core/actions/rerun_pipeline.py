"""Asks the pipeline that delivers the rows to deliver a window again. The Airflow layer triggers its DAG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Part, Path
from airmedic_core.errors import ActionError
from airmedic_core.records import Diagnosis, Incident, Json, Proposal
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


@final
class RerunPipeline(Action):
    """Asks the pipeline that delivers the rows to deliver a window again. The Airflow layer triggers its DAG."""

    description = "Has the upstream pipeline deliver a window again."
    changes_production = True
    imperative = "Rerun the pipeline behind"
    infinitive = "run the pipeline again"
    path = Path.RERUN
    of_window = True
    part = Part.COMPANION
    follows = (Path.QUARANTINE,)
    needs = ("upstream_dag",)
    undone = "Not at all: what the pipeline delivers replaces what it had delivered before."

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Name the DAG and the window."""
        if not ws.spec.upstream_dag:
            raise ActionError(f"{ws.spec.name!r} names no upstream DAG.", "Set upstream_dag in the spec.")
        params: Json = {
            "dag_id": ws.spec.upstream_dag,
            "window_start": incident.window.start.isoformat(),
            "window_end": incident.window.end.isoformat(),
        }
        return (
            params,
            f"{ws.spec.upstream_dag} delivers sound rows of {incident.window}, and the next look finds them so.",
        )

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name the DAG and the window."""
        params = proposal.params
        window = Window(as_utc(params["window_start"]), as_utc(params["window_end"]))
        return [f"The DAG {params['dag_id']} runs again, and delivers the rows of {window} anew."]

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that the spec still names the DAG."""
        if ws.spec.upstream_dag != proposal.params["dag_id"]:
            raise ActionError(f"The upstream DAG is {ws.spec.upstream_dag!r} now.", "Decide again.")

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say what would be triggered."""
        return f"{params['dag_id']} would run for {params['window_start']} … {params['window_end']}."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Record the request."""
        return {"summary": f"{proposal.params['dag_id']} is asked to run again.", **proposal.params}

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Leave the run as it is."""
        return "The run is left as it is."
