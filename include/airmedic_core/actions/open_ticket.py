"""Opens a ticket for an incident where the spec names a tracker, and keeps its address on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Part, Path, StoppedBy
from airmedic_core.errors import ActionError
from airmedic_core.records import Diagnosis, Incident, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


@final
class OpenTicket(Action):
    """Opens a ticket for an incident where the spec names a tracker, and keeps its address on record.

    It is done once for each incident, when it is diagnosed, and needs no approval. A tracker finds an incident's open
    ticket again, so that nothing opens a second one.
    """

    description = "Opens a ticket for the incident, or finds the one that is open."
    changes_production = False
    imperative = "Open a ticket for"
    infinitive = "open a ticket"
    path = Path.TELL
    stopped_by = StoppedBy.NOTHING
    part = Part.COMPANION
    needs = ("notify",)
    undone = "The ticket is closed with the incident, or by whoever works on it."

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Write the ticket, and name the trackers."""
        from airmedic_core.announcement import announcement
        from airmedic_core.notifiers import ticket_keepers

        through = sorted(ticket_keepers(ws.spec.notify))
        if not through:
            raise ActionError(f"{ws.spec.name!r} names no notifier that keeps tickets.", "Name one under notify.")
        params = {**announcement(ws.spec, incident, diagnosis), "through": through}
        return params, "The incident has a ticket, which ends with it."

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name the trackers."""
        return [f"A ticket is opened by {', '.join(proposal.params['through'])}. Nothing else changes."]

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say what the ticket would say."""
        told = "\n".join([params["headline"], *params["lines"]])
        return f"A ticket would be opened by {', '.join(params['through'])}:\n{told}"

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Open the tickets, or find them. It fails where no tracker has one afterwards."""
        from airmedic_core.announcement import notice_of
        from airmedic_core.notifiers import NOTIFIERS, options_for

        notice = notice_of(ws.ledger.incident(proposal.incident_id), proposal.params)
        tickets, problems = [], []
        for name in proposal.params["through"]:
            try:
                options = options_for(name, ws.spec.notify.get(name, {}))
                ticket = NOTIFIERS.member(name).open_ticket(notice, options)
            except Exception as error:  # noqa: BLE001  each notifier has errors of its own, and none may stop another
                problems.append(f"{name}: {error}")
            else:
                tickets.append({"through": name, "id": ticket.id, "url": ticket.url, "shown": str(ticket)})
        if not tickets:
            raise ActionError(f"No ticket could be opened. {' '.join(problems)}", "Try it with 'airmedic notify'.")
        shown = "; ".join(ticket.pop("shown") for ticket in tickets)
        return {
            "summary": " ".join([f"The ticket is {shown}", *problems]),
            "tickets": tickets,
            "problems": problems,
        }

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Leave the tickets to people: somebody may have written in them."""
        return "The tickets stay open until the incident ends."
