"""What was already tried against this problem, and whether it held."""

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
    """What was already tried against this problem, and whether it held."""

    order = 100

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield the closed incidents with the same fingerprint, newest first, with what was done."""
        ledger = case.workspace.ledger
        if case.incident.fingerprint == REQUESTED:
            return
        same = [
            other
            for other in ledger.incidents(case.incident.model, limit=50)
            if other.fingerprint == case.incident.fingerprint and other.id != case.incident.id and other.state in _ENDS
        ]
        for other in same[:MOST]:
            done = [result for result in ledger.actions(incident_id=other.id) if not hands_over(result.action)]
            tried = ", ".join(f"{plain(result.action)} ({result.status})" for result in done) or "no action"
            yield Evidence(
                id="",
                kind="recurrence",
                collector="past_actions",
                subject=other.id,
                statement=sentence(
                    f"The same problem of {other.window} {_ENDS[other.state]} with {tried}, and it is back"
                ),
                direction="same",
                window=str(other.window),
                source=f"incident {other.id}",
                trust="recorded",
                details={"state": other.state.value, "actions": [result.action for result in done]},
            )
