"""Says what language models cost, as their maker published it. A gateway or local model may cost something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

AS_OF = date(2026, 11, 21)
"""Says when the table was compared with the published lists. Look at https://claude.com/pricing before relying on it.
"""


@dataclass(frozen=True)
class Price:
    """Holds what a model costs, in US dollars for a million tokens."""

    usd_in: float
    usd_out: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Return what a call costs in US dollars."""
        return (input_tokens * self.usd_in + output_tokens * self.usd_out) / 1e6


_PRICES = {
    "claude-fable-5-1": Price(10.0, 50.0),
    "claude-fable-5": Price(10.0, 50.0),
    "claude-mythos-5-1": Price(10.0, 50.0),
    "claude-mythos-5": Price(10.0, 50.0),
    "claude-opus-5-5": Price(4.0, 20.0),
    "claude-opus-5": Price(5.0, 25.0),
    "claude-opus-4-8": Price(5.0, 25.0),
    "claude-opus-4-7": Price(5.0, 25.0),
    "claude-opus-4-6": Price(5.0, 25.0),
    "claude-opus-4-5": Price(5.0, 25.0),
    "claude-opus-4-1": Price(15.0, 75.0),
    "claude-opus-4-0": Price(15.0, 75.0),
    "claude-opus-4": Price(15.0, 75.0),
    "claude-sonnet-5-5": Price(2.0, 10.0),
    "claude-sonnet-5": Price(2.0, 10.0),
    "claude-sonnet-4-6": Price(3.0, 15.0),
    "claude-sonnet-4-5": Price(3.0, 15.0),
    "claude-sonnet-4-0": Price(3.0, 15.0),
    "claude-sonnet-4": Price(3.0, 15.0),
    # Its price for long prompts: a fifth of it holds up to 100,000 tokens, and no budget may rest on that.
    "claude-haiku-5-5": Price(0.5, 2.5),
    "claude-haiku-4-5": Price(1.0, 5.0),
}
_NAMED = re.compile(r"(?:[a-z-]+[./])*(claude-[a-z]+-\d(?:-\d)?)(?:[-@]\d{8}|-latest)?(?:-v\d+(?::\d+)?)?")
"""A model's name, as clouds and dated releases write it: ``anthropic.claude-opus-4-5-20251101-v1:0``."""


def price_of(model: str) -> Price | None:
    """Return what a model costs, or nothing where the table does not hold it: no budget can rest on a guess."""
    named = _NAMED.fullmatch(model)
    return _PRICES.get(named[1]) if named else None
