"""Memory: what closed incidents taught, read from the ledger each time, so that the two never differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.healed import came_back
from airmedic_core.knowledge.ingest import Section
from airmedic_core.records import ABNORMAL, REQUESTED, EvidencePacket, Incident, IncidentState

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger, RecordedAction

MOST = 200
"""Closed incidents that are read, newest first."""
HELD = "held"
CAME_BACK = "came back"
_OUTCOMES = {
    IncidentState.RESOLVED: HELD,
    IncidentState.UNDONE: "undone",
    IncidentState.REJECTED: "rejected",
    IncidentState.ESCALATED: "escalated",
}


@dataclass(frozen=True)
class Memory:
    """Holds what one closed incident taught."""

    incident: Incident
    action: str
    outcome: str
    signature: tuple[str, ...]
    """The check and subject of each alarm, strongest kinds of evidence first."""

    @property
    def sentence(self) -> str:
        """The memory in one sentence."""
        cause = self.incident.cause.words
        done = f"{self.action.replace('_', ' ')} ({self.outcome})" if self.action else self.outcome
        return f"{cause} in {self.incident.window}: {done}"


def memories(ledger: Ledger, model: str | None = None, *, leave_out: Sequence[str] = ()) -> list[Memory]:
    """Return what closed incidents taught, newest first, for one model or the fleet.

    What people only asked for, such as a review, is no incident to learn from. What was healed and came back
    within days has not held, whatever was thought when it was closed.

    Parameters
    ----------
    ledger : Ledger
        Where the incidents are.
    model : str, optional
        The model; the whole fleet where not given.
    leave_out : sequence of str
        Ids of incidents that are not to be recalled.
    """
    known = ledger.incidents(model, limit=MOST)
    returned = came_back(known)
    recalled = [
        incident
        for incident in known
        if incident.state in _OUTCOMES and incident.id not in leave_out and incident.fingerprint != REQUESTED
    ]
    # Asked for together: hundreds of questions, each with a connection of its own, take seconds.
    ids = [incident.id for incident in recalled]
    actions, packets = ledger.actions_of(ids), ledger.packets(ids)
    return [
        _memory(incident, actions.get(incident.id, []), packets.get(incident.id), returned=incident.id in returned)
        for incident in recalled
    ]


def signature_of(packet: EvidencePacket | None) -> tuple[str, ...]:
    """Return what alarmed in a packet, as ``check:subject``, each once."""
    if packet is None:
        return ()
    alarms = [item for item in packet.items if item.kind.startswith("finding.") and item.verdict in ABNORMAL]
    return tuple(dict.fromkeys(f"{item.details.get('check', '')}:{item.subject}" for item in alarms))


def likeness(signature: Sequence[str], remembered: Sequence[str]) -> float:
    """Return how much two signatures have in common: shared alarms over all alarms (Jaccard)."""
    first, second = set(signature), set(remembered)
    return len(first & second) / len(first | second) if first | second else 0.0


def summary_of(recalled: Sequence[Memory]) -> str:
    """Return what past incidents add up to: how many, of what, and what worked."""
    if not recalled:
        return "No incident was closed yet."
    causes = Counter(memory.incident.cause.words for memory in recalled)
    tried = Counter(memory.action.replace("_", " ") for memory in recalled if memory.action)
    held = Counter(memory.action.replace("_", " ") for memory in recalled if memory.action and memory.outcome == HELD)
    seen = ", ".join(f"{cause} {count}" for cause, count in causes.most_common(5))
    text = f"{len(recalled)} closed {'incident' if len(recalled) == 1 else 'incidents'}: {seen}."
    worked = ", ".join(f"{action} {held[action]} of {count}" for action, count in tried.most_common(5))
    return f"{text} What held: {worked}." if worked else text


def remembered(ledger: Ledger, *, leave_out: Sequence[str] = ()) -> list[Section]:
    """Return the closed incidents as sections that can be found like written ones."""
    return [_section(memory) for memory in memories(ledger, leave_out=leave_out)]


def _memory(
    incident: Incident, actions: list[RecordedAction], packet: EvidencePacket | None, *, returned: bool
) -> Memory:
    done = [action for action in actions if action.status in {"done", "undone"}]
    action = done[-1].action if done else ""
    outcome = _OUTCOMES[incident.state]
    if returned and outcome == HELD:
        outcome = CAME_BACK
    return Memory(incident, action, outcome, signature_of(packet))


def _section(memory: Memory) -> Section:
    incident = memory.incident
    alarms = ", ".join(memory.signature[:8])
    text = f"{incident.headline}. Cause: {incident.cause.value}. Alarms: {alarms}. Done: {memory.sentence}."
    return Section(
        source=incident.id,
        anchor="",
        kind="incident",
        title=incident.headline,
        document=f"Incident of {incident.model}",
        text=text,
        causes=(incident.cause.value,),
        models=(incident.model,),
        facts={
            "id": incident.id,
            "action": memory.action,
            "outcome": memory.outcome,
            "fingerprint": incident.fingerprint,
        },
    )
