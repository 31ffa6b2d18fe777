"""Gives the champion a new reference from recent rows, where a harmless shift has become the normal case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action
from airmedic_core.errors import ActionError
from airmedic_core.records import Diagnosis, Incident, Json, Proposal
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


@final
class RefreshReference(Action):
    """Gives the champion a new reference from recent rows, where a harmless shift has become the normal case."""

    description = "Replaces the champion's reference by one of recent rows."
    changes_production = True
    renews_normal = True
    # All rows of a reference are read and profiled.
    deadline_seconds = 3600.0
    imperative = "Refresh the reference of"
    infinitive = "refresh the reference"

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Take a span of the same length as the present reference, up to the incident's newest moment."""
        champion = ws.registry.champion(ws.spec.name)
        known = ws.registry.reference(champion).window
        length = known.end - known.start if known else incident.window.end - incident.window.start
        end = max([incident.window.end, *_seen_ends(ws, incident)])
        params: Json = {
            "version": champion.version,
            "window_start": (end - length).isoformat(),
            "window_end": end.isoformat(),
            "as_of": incident.as_of.isoformat(),
        }
        return (
            params,
            f"Batches like those of {incident.window} no longer alarm; the baseline of performance is renewed.",
        )

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name the rows that later windows are compared with."""
        params = proposal.params
        window = Window(as_utc(params["window_start"]), as_utc(params["window_end"]))
        return [f"From now on, rows are compared with those of {window}. Version {params['version']} goes on serving."]

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that the version still serves."""
        serving = ws.registry.champion(ws.spec.name).version
        if serving != proposal.params["version"]:
            raise ActionError(f"Version {serving} serves now, with a reference of its own.", "Decide again.")

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep the place of the present reference."""
        return {"reference": ws.registry.reference_place(ws.registry.champion(ws.spec.name))}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say which rows would become the reference."""
        window = Window(as_utc(params["window_start"]), as_utc(params["window_end"]))
        return f"The rows of {window} would become the reference of version {params['version']} of {ws.spec.name}."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Profile the rows and keep the profile with the version."""
        from airmedic_core.training.new_reference import reference_on

        params = proposal.params
        window = Window(as_utc(params["window_start"]), as_utc(params["window_end"]))
        version = ws.registry.version(ws.spec.name, str(params["version"]))
        reference, left_out = reference_on(ws, version, window, as_utc(params["as_of"]))
        place = ws.registry.save_reference(version, reference, name=f"reference-{proposal.hash[:12]}")
        return {"summary": f"The reference of version {version.version} is now {window}.", "place": place, **left_out}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Read the reference back."""
        champion = ws.registry.champion(ws.spec.name)
        if ws.registry.reference_place(champion) != output["place"]:
            return ["The version's reference reads otherwise."]
        ws.registry.reference(champion)
        return []

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Point back to the reference before."""
        version = ws.registry.version(ws.spec.name, str(proposal.params["version"]))
        ws.registry.point_reference(version, str(snapshot["reference"]))
        return "The reference before is in use again."


def _seen_ends(ws: Workspace, incident: Incident) -> list[datetime]:
    return [
        observed.batch.window.end
        for observed in ws.ledger.batches(ws.spec.name)
        if observed.batch.id in incident.batch_ids
    ]
