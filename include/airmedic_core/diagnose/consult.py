"""Ask a language model for a diagnosis of a packet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.diagnose.answer import answer_schema, instructions, parse_answer
from airmedic_core.diagnose.asking import Checked, Inquiry, ask
from airmedic_core.diagnose.language_model import LanguageModel, Question
from airmedic_core.diagnose.outbound import prepare
from airmedic_core.diagnose.verify import verify
from airmedic_core.records import Diagnosis, EvidencePacket

if TYPE_CHECKING:
    from airmedic_core.diagnose.token_budget import Budget
    from airmedic_core.workspace import Workspace

MAX_TOKENS = 8_000
"""Room for an answer and for what the model thinks before it, which counts as output."""


@dataclass(frozen=True)
class Consultation:
    """Holds what came of asking."""

    diagnosis: Diagnosis | None
    """The answer, where there was one in the form asked for."""
    notes: tuple[str, ...]
    """Says what happened, for the record."""


def consult(ws: Workspace, packet: EvidencePacket, model: LanguageModel, budget: Budget | None = None) -> Consultation:
    """Ask about a packet and return what came of it; no failure of the model ever raises.

    Parameters
    ----------
    ws : Workspace
        The model, whose ledger keeps the call.
    packet : EvidencePacket
        The evidence.
    model : LanguageModel
        The language model to ask.
    budget : Budget, optional
        What may be spent; the usual budget where not given.

    Raises
    ------
    LedgerError
        If the ledger is busy. A retry helps.
    """
    outbound = prepare(packet, ws.spec)

    def check(text: str) -> Checked[Diagnosis]:
        return verify(parse_answer(text), packet, outbound, model.name)

    question = Question(instructions(), outbound.content, answer_schema(), MAX_TOKENS)
    outcome = ask(ws, Inquiry(packet.incident_id, "diagnoser", question, outbound.manifest, check), model, budget)
    return Consultation(outcome.checked.answer if outcome.checked else None, outcome.notes)
