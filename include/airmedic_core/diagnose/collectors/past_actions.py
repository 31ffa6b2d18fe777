"""Says what was already tried against this problem, and whether it held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from airmedic_core.actions import hands_over
from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.wording import plain, sentence
from airmedic_core.records import REQUESTED, Evidence, IncidentState

MOST = 4
_ENDS = {
    IncidentState.RESOLVED: "was resolved",
    IncidentState.REJECTED: "was rejected by its approver",
    IncidentState.UNDONE: "was undone",
    IncidentState.ESCALATED: "was handed to people",
}


@final
class PastActions(Collector):
    """Says what was already tried against this problem, and whether it held."""

    order = 100

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield the closed incidents with the same fingerprint, newest first, with what was done."""
        ledger = case.workspace.ledger
        if case.incident.fingerprint == REQUESTED:
            return
        same = [
            earlier
            for earlier in ledger.incidents(case.incident.model, limit=50)
            if earlier.fingerprint == case.incident.fingerprint
            and earlier.id != case.incident.id
            and earlier.state in _ENDS
        ]
        for earlier in same[:MOST]:
            done = [result for result in ledger.actions(incident_id=earlier.id) if not hands_over(result.action)]
            tried = ", ".join(f"{plain(result.action)} ({result.status})" for result in done) or "no action"
            yield Evidence(
                id="",
                kind="recurrence",
                collector="past_actions",
                subject=earlier.id,
                statement=sentence(
                    f"The same problem of {earlier.window} {_ENDS[earlier.state]} with {tried}, and it is back"
                ),
                direction="same",
                window=str(earlier.window),
                source=f"incident {earlier.id}",
                trust="recorded",
                details={"state": earlier.state.value, "actions": [result.action for result in done]},
            )
