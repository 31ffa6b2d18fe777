"""Ask a language model about a packet: within its budget, cached, verified, with one attempt to repair the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airmedic_core.diagnose.answer import answer_schema, instructions, parse_answer
from airmedic_core.diagnose.budget import Budget
from airmedic_core.diagnose.language_model import LanguageModel, LanguageModelError, Question, Reply
from airmedic_core.diagnose.outbound import Outbound, prepare
from airmedic_core.diagnose.prices import AS_OF, cost, price_of
from airmedic_core.diagnose.trace import trace_call
from airmedic_core.diagnose.verify import Verified, verify
from airmedic_core.records import EvidencePacket, digest

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

MAX_TOKENS = 4_000
_COMPLAINT = "Code checked your answer and found: {problems} Answer again in the same form, with this put right."


@dataclass(frozen=True)
class Consultation:
    """What came of asking."""

    verified: Verified | None
    """The answer, where there was one in the form asked for."""
    notes: tuple[str, ...]
    """What happened, for the record."""


def consult(ws: Workspace, packet: EvidencePacket, model: LanguageModel, budget: Budget | None = None) -> Consultation:
    """Ask about a packet and return what came of it; no failure of the model ever raises.

    Raises
    ------
    LedgerError
        If the ledger is busy. A retry helps.
    """
    outbound = prepare(packet, ws.spec)
    question = Question(instructions(), outbound.content, answer_schema(), MAX_TOKENS)
    asked = _Asking(ws, packet, outbound, model, budget or Budget())
    notes: list[str] = []
    if not price_of(model.name)[2]:
        notes.append(f"The price of {model.name} is not in the table of {AS_OF}; the dearest is counted.")
    try:
        answer, reply = asked.ask(question)
        if answer.problems:
            complaint = _COMPLAINT.format(problems=" ".join(answer.problems[:8]))
            try:
                answer, _ = asked.ask(replace(question, earlier_answer=reply.text, complaint=complaint))
                notes.append("The first answer did not hold and was repaired once.")
            except LanguageModelError as error:
                notes.append(f"The first answer did not hold, and its repair failed ({error.failure}).")
    except LanguageModelError as error:
        notes.append(f"{model.name} gave no usable answer ({error.failure}): {error.problem}")
        return Consultation(None, tuple(notes))
    if asked.from_cache:
        notes.append("The same question was answered before; that answer was used again.")
    return Consultation(answer, tuple(notes))


class _Asking:
    """One incident's questions to one model."""

    def __init__(
        self, ws: Workspace, packet: EvidencePacket, outbound: Outbound, model: LanguageModel, budget: Budget
    ) -> None:
        self.ws, self.packet, self.outbound, self.model, self.budget = ws, packet, outbound, model, budget
        self.from_cache = False

    def ask(self, question: Question) -> tuple[Verified, Reply]:
        """Return the verified answer, from the ledger if exactly this was asked before."""
        hashed = digest(
            [self.model.name, question.system, question.content, question.schema, question.earlier_answer,
             question.complaint]
        )  # fmt: skip
        known = self.ws.ledger.answered_call(hashed)
        if known is not None:
            self.from_cache = True
            reply = Reply(known.reply, known.stop_reason, 0, 0, 0.0)
            return self._verified(reply), reply
        now = datetime.now(UTC)
        try:
            self.budget.check(self.ws.ledger, self.packet.incident_id, self.model.name, question, now=now)
            reply = self.model.ask(question)
        except LanguageModelError as error:
            self._record(question, hashed, now, error.failure, error.reply)
            raise
        try:
            verified = self._verified(reply)
        except LanguageModelError as error:
            self._record(question, hashed, now, error.failure, reply)
            raise
        self._record(question, hashed, now, "answered", reply, len(verified.problems))
        return verified, reply

    def _verified(self, reply: Reply) -> Verified:
        return verify(parse_answer(reply.text), self.packet, self.outbound, self.model.name)

    def _record(
        self, question: Question, hashed: str, now: datetime, outcome: str, reply: Reply | None, problems: int = 0
    ) -> None:
        from airmedic_core.ledger import LanguageModelCall

        took = (datetime.now(UTC) - now).total_seconds()
        call = LanguageModelCall(
            incident_id=self.packet.incident_id,
            engine=self.model.name,
            asked_at=now,
            question_hash=hashed,
            outcome=outcome,
            stop_reason=reply.stop_reason[:63] if reply else "",
            input_tokens=reply.input_tokens if reply else 0,
            output_tokens=reply.output_tokens if reply else 0,
            usd=cost(self.model.name, reply.input_tokens, reply.output_tokens) if reply else 0.0,
            seconds=round(took, 3),
            manifest=self.outbound.manifest if outcome != "over_budget" else {"bytes": 0},
            reply=reply.text if reply and outcome == "answered" else "",
        )
        self.ws.ledger.record_language_model_call(call)
        trace_call(self.ws, question, call, problems)
