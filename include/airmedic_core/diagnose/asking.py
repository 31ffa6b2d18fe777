"""Ask a language model one thing: within its budget, cached, checked by code, with one attempt to repair the answer.

Every role of a language model asks through this module, so that the same budget, cache and checks hold for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from airmedic_core.diagnose.call_trace import trace_call
from airmedic_core.diagnose.language_model import LanguageModel, LanguageModelError, Question, Reply
from airmedic_core.diagnose.token_budget import Budget
from airmedic_core.records import Json, digest

if TYPE_CHECKING:
    from airmedic_core.ledger import LanguageModelCall
    from airmedic_core.workspace import Workspace

A = TypeVar("A")

_COMPLAINT = "Code checked your answer and found: {problems} Answer again in the same form, with this put right."
_MAY_HAVE_COST = frozenset({"timed_out", "off_form"})
"""Failures after which an answer may have been written and paid for, though it never came."""


@dataclass(frozen=True)
class Checked(Generic[A]):
    """An answer in the form asked for, and what code found wrong with it."""

    answer: A
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inquiry(Generic[A]):
    """Holds what one role asks, and how its answer is checked."""

    incident_id: str
    """Says what it is recorded and budgeted under."""
    role: str
    """The role that asks: ``diagnoser``, ``critic``, ``analyst``."""
    question: Question
    manifest: Json
    """Says what leaves the machine."""
    check: Callable[[str], Checked[A]]
    """Reads an answer and checks it; raises ``LanguageModelError`` if it is not in the form."""


@dataclass(frozen=True)
class Outcome(Generic[A]):
    """Holds what came of asking."""

    checked: Checked[A] | None
    """The answer, where there was one in the form asked for."""
    notes: tuple[str, ...]
    """Says what happened, for the record."""


def ask(ws: Workspace, inquiry: Inquiry[A], model: LanguageModel, budget: Budget | None = None) -> Outcome[A]:
    """Return what a language model answers; no failure of the model ever raises.

    Parameters
    ----------
    ws : Workspace
        The model, whose ledger keeps the call.
    inquiry : Inquiry
        What is asked, and how the answer is checked.
    model : LanguageModel
        The language model to ask.
    budget : Budget, optional
        What may be spent; the usual budget where not given.

    Raises
    ------
    LedgerError
        If the ledger is busy. A retry helps.
    """
    asking = _Asking(ws, inquiry, model, budget or Budget())
    question = inquiry.question
    notes: list[str] = []
    try:
        checked, reply = asking.ask(question)
        if checked.problems:
            complaint = _COMPLAINT.format(problems=" ".join(checked.problems[:8]))
            try:
                checked, _ = asking.ask(replace(question, earlier_answer=reply.text, complaint=complaint))
                notes.append("The first answer did not hold and was repaired once.")
            except LanguageModelError as error:
                notes.append(f"The first answer did not hold, and its repair failed ({error.failure}).")
    except LanguageModelError as error:
        return Outcome(None, (f"{model.name} gave no usable answer ({error.failure}): {error.problem}",))
    if asking.from_cache:
        notes.append("The same question was answered before; that answer was used again.")
    return Outcome(checked, tuple(notes))


class _Asking(Generic[A]):
    """One inquiry's questions to one model."""

    def __init__(self, ws: Workspace, inquiry: Inquiry[A], model: LanguageModel, budget: Budget) -> None:
        self.ws, self.inquiry, self.model, self.budget = ws, inquiry, model, budget
        self.from_cache = False

    def ask(self, question: Question) -> tuple[Checked[A], Reply]:
        """Return the checked answer, from the ledger if exactly this was asked before."""
        call = self._call(question)
        known = self.ws.ledger.answered_call(call.question_hash)
        if known is not None:
            self.from_cache = True
            return self.inquiry.check(known.reply), Reply(known.reply, known.stop_reason, 0, 0, 0.0)
        try:
            reservation = self.budget.reserve(self.ws.ledger, self.model, question, call)
        except LanguageModelError as error:
            self._record(question, replace(call, outcome=error.failure, manifest={"bytes": 0}))
            raise
        reply: Reply | None = None
        try:
            reply = self.model.ask(question).plausible()
            checked = self.inquiry.check(reply.text)
        except LanguageModelError as error:
            reply = reply or error.reply
            absurd = reply is not None and not reply.counts_hold
            begun = reservation.worst if absurd or error.failure in _MAY_HAVE_COST else call
            failed = replace(self._over(begun, None if absurd else reply, error.failure), reply="")
            self._record(question, failed, reservation.number)
            raise
        self._record(question, self._over(call, reply, "answered"), reservation.number, len(checked.problems))
        return checked, reply

    def _call(self, question: Question) -> LanguageModelCall:
        from airmedic_core.ledger import LanguageModelCall

        hashed = digest(
            [self.model.name, question.system, question.content, question.schema, question.earlier_answer,
             question.complaint]
        )  # fmt: skip
        return LanguageModelCall(
            incident_id=self.inquiry.incident_id,
            engine=self.model.name,
            asked_at=datetime.now(UTC),
            question_hash=hashed,
            outcome="",
            stop_reason="",
            input_tokens=0,
            output_tokens=0,
            usd=0.0,
            seconds=0.0,
            manifest=self.inquiry.manifest | {"role": self.inquiry.role},
        )

    def _over(self, call: LanguageModelCall, reply: Reply | None, outcome: str) -> LanguageModelCall:
        """Return a call that is over, with what it took."""
        took = round((datetime.now(UTC) - call.asked_at).total_seconds(), 3)
        ended = replace(call, outcome=outcome, seconds=took)
        if reply is None:
            return ended
        price = self.model.price
        return replace(
            ended,
            stop_reason=replace(reply, text=reply.stop_reason).storable_text[:63],
            input_tokens=reply.input_tokens,
            output_tokens=reply.output_tokens,
            usd=price.of(reply.input_tokens, reply.output_tokens) if price else 0.0,
            reply=reply.text,
        )

    def _record(
        self, question: Question, call: LanguageModelCall, reservation: int | None = None, problems: int = 0
    ) -> None:
        self.ws.ledger.record_language_model_call(call, reservation)
        trace_call(self.ws, question, call, problems)
