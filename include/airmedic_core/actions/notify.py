"""Tells people what was found, in the ways that the spec names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Part, Path, StoppedBy
from airmedic_core.errors import ActionError
from airmedic_core.records import Diagnosis, Incident, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


@final
class Notify(Action):
    """Tells people what was found, in the ways that the spec names.

    It is done once for each incident, when it is diagnosed, and needs no approval. Each message is on record before it
    is sent. Where a process dies before it records that a message has arrived, the next one asks the service for it;
    a service that cannot be asked tells people a second time.
    """

    description = "Tells people the most likely cause, once for each incident."
    changes_production = False
    imperative = "Tell people about"
    infinitive = "tell people"
    path = Path.TELL
    stopped_by = StoppedBy.NOTHING
    part = Part.COMPANION
    needs = ("notify",)
    undone = "Not at all: what people have read stays with them."

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Write the message, and name the ways."""
        from airmedic_core.announcement import announcement

        if not ws.spec.notify:
            raise ActionError(f"{ws.spec.name!r} names no way to tell people.", "Set notify in the spec.")
        params = {**announcement(ws.spec, incident, diagnosis), "through": sorted(ws.spec.notify)}
        return params, "People know what was found, and that something is proposed."

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name the ways."""
        return [f"People are told by {', '.join(proposal.params['through'])}. Nothing else changes."]

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say what people would read."""
        told = "\n".join([params["headline"], *params["lines"]])
        return f"People would be told by {', '.join(params['through'])}:\n{told}"

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Tell people. It fails where no way that the spec names has taken it; the log of the task has."""
        from airmedic_core.announcement import notice_of
        from airmedic_core.notifiers import send_once

        ways = {name: ws.spec.notify[name] for name in proposal.params["through"] if name in ws.spec.notify}
        became = send_once(
            notice_of(ws.ledger.incident(proposal.incident_id), proposal.params, key=proposal.hash),
            ways,
            known=ws.ledger.messages(proposal.hash),
            record=partial(ws.ledger.record_message, proposal.hash),
        )
        told = [name for name in ways if became.get(name) == ""]
        problems = [f"{name}: {became[name]}" for name in ways if became.get(name)]
        if problems and not told:
            raise ActionError(f"Nobody could be told. {' '.join(problems)}", "Try it with 'airmedic notify'.")
        summary = f"People are told by {', '.join(told)}." if told else "No notifier takes what is so mild."
        return {"summary": " ".join([summary, *problems]), "told": told, "problems": problems}

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Nothing to put back."""
        return "Nothing was changed."
