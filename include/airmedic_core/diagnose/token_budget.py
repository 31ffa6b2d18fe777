"""Budgets of tokens and money, for each incident and each day, kept with what the ledger says was spent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airmedic_core.diagnose.language_model import LanguageModel, LanguageModelError, Question
from airmedic_core.diagnose.token_prices import AS_OF

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.ledger.language_model_calls import LanguageModelCall

_CHARACTERS_PER_TOKEN = 2.5
"""Fewer than any known tokeniser needs for English and JSON, so that the estimate is never too low."""
_LOCK = "budget of language models"


@dataclass(frozen=True)
class Reservation:
    """Holds what was set aside for one call."""

    number: int
    worst: LanguageModelCall
    """The call as it would be at its dearest."""


@dataclass(frozen=True)
class Budget:
    """Holds what may be spent on language models."""

    incident_tokens: int = 90_000
    incident_usd: float = 0.50
    day_tokens: int = 600_000
    day_usd: float = 5.00

    def reserve(self, ledger: Ledger, model: LanguageModel, question: Question, call: LanguageModelCall) -> Reservation:
        """Set aside what a question costs at the worst, before anything is sent.

        One process at a time reads what is spent and adds to it, so that two incidents cannot both take the last of a
        budget. A process that dies leaves its reservation behind: what it sent may have been paid for.

        Parameters
        ----------
        ledger : Ledger
            What was spent, and where it is set aside.
        model : LanguageModel
            Who is to be asked.
        question : Question
            What is to be asked.
        call : LanguageModelCall
            The call as known so far.

        Returns
        -------
        Reservation
            Under which the call is recorded when it is over.

        Raises
        ------
        LanguageModelError
            With the failure ``over_budget``, if the worst case would overrun a budget or nobody knows its price.
        LedgerBusyError
            If the ledger does not answer. A retry helps.
        """
        if model.price is None:
            raise LanguageModelError(
                "over_budget",
                f"Nobody knows what {model.name} costs: it is not in the table of {AS_OF}. State it in the extras of "
                'the connection, as "usd_per_million_tokens": [input, output]; [0, 0] for a model of your own.',
            )
        asked = len(question.system) + len(question.content) + len(question.earlier_answer) + len(question.complaint)
        asked += len(str(question.schema))
        tokens_in = int(asked / _CHARACTERS_PER_TOKEN)
        usd = model.price.of(tokens_in, question.max_tokens)
        worst = replace(call, input_tokens=tokens_in, output_tokens=question.max_tokens, usd=usd)
        with ledger.lock(_LOCK):
            self._check(ledger, worst)
            return Reservation(ledger.reserve_language_model_call(worst), worst)

    def _check(self, ledger: Ledger, worst: LanguageModelCall) -> None:
        today = worst.asked_at.replace(hour=0, minute=0, second=0, microsecond=0)
        tokens = worst.input_tokens + worst.output_tokens
        for scope, calls, most_tokens, most_usd in (
            ("this incident", ledger.language_model_calls(incident_id=worst.incident_id),
             self.incident_tokens, self.incident_usd),
            ("today", ledger.language_model_calls(since=today), self.day_tokens, self.day_usd),
        ):  # fmt: skip
            spent_tokens = sum(call.input_tokens + call.output_tokens for call in calls)
            spent_usd = sum(call.usd for call in calls)
            if spent_tokens + tokens > most_tokens or spent_usd + worst.usd > most_usd:
                raise LanguageModelError(
                    "over_budget",
                    f"The budget of {scope} does not allow the question: {spent_tokens:,} of {most_tokens:,} tokens "
                    f"and {spent_usd:.4f} of {most_usd:.2f} USD are spent, and it may take {tokens:,} tokens and "
                    f"{worst.usd:.4f} USD.",
                )
