"""Budgets of tokens and money, for each incident and each day, kept with what the ledger says was spent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.diagnose.language_model import LanguageModelError, Question
from airmedic_core.diagnose.prices import cost

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger

_CHARACTERS_PER_TOKEN = 2.5
"""Fewer than any known tokeniser needs for English and JSON, so that the estimate is never too low."""


@dataclass(frozen=True)
class Budget:
    """What may be spent on language models."""

    incident_tokens: int = 60_000
    incident_usd: float = 0.50
    day_tokens: int = 600_000
    day_usd: float = 5.00

    def check(self, ledger: Ledger, incident_id: str, model: str, question: Question, *, now: datetime) -> None:
        """Refuse a question whose worst case would overrun a budget.

        Raises
        ------
        LanguageModelError
            With the failure ``over_budget``, before anything is sent.
        """
        asked = len(question.system) + len(question.content) + len(question.earlier_answer) + len(question.complaint)
        tokens_in = int(asked / _CHARACTERS_PER_TOKEN)
        tokens, usd = tokens_in + question.max_tokens, cost(model, tokens_in, question.max_tokens)
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        for scope, calls, most_tokens, most_usd in (
            ("this incident", ledger.language_model_calls(incident_id=incident_id),
             self.incident_tokens, self.incident_usd),
            ("today", ledger.language_model_calls(since=today), self.day_tokens, self.day_usd),
        ):  # fmt: skip
            spent_tokens = sum(call.input_tokens + call.output_tokens for call in calls)
            spent_usd = sum(call.usd for call in calls)
            if spent_tokens + tokens > most_tokens or spent_usd + usd > most_usd:
                raise LanguageModelError(
                    "over_budget",
                    f"The budget of {scope} does not allow the question: {spent_tokens:,} of {most_tokens:,} tokens "
                    f"and {spent_usd:.4f} of {most_usd:.2f} USD are spent, and it may take {tokens:,} tokens and "
                    f"{usd:.4f} USD.",
                )
