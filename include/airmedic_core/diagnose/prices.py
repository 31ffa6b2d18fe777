"""What language models cost, as their maker published it. A gateway or local model may cost something else."""

from __future__ import annotations

from datetime import date

AS_OF = date(2026, 11, 21)
"""When the table was written, from published lists. Compare it with https://claude.com/pricing before relying on it."""

_USD_PER_MILLION_TOKENS = {
    "claude-fable-5": (10.0, 50.0),
    "claude-mythos-5": (10.0, 50.0),
    "claude-opus-5-5": (4.0, 20.0),
    "claude-opus-5": (5.0, 25.0),
    "claude-opus-4-8": (5.0, 25.0),
    "claude-opus-4-7": (5.0, 25.0),
    "claude-opus-4-6": (5.0, 25.0),
    "claude-opus-4-5": (5.0, 25.0),
    "claude-sonnet-5": (2.0, 10.0),
    "claude-sonnet-4": (3.0, 15.0),
    "claude-haiku-4-5": (1.0, 5.0),
}
_DEAREST = max(_USD_PER_MILLION_TOKENS.values())


def price_of(model: str) -> tuple[float, float, bool]:
    """Return US dollars for a million input and output tokens, and whether the model is in the table.

    A model that is not in the table is counted at the dearest price, so that no budget is overrun by surprise.
    """
    for name in sorted(_USD_PER_MILLION_TOKENS, key=len, reverse=True):
        if model == name or model.startswith(f"{name}-"):
            return (*_USD_PER_MILLION_TOKENS[name], True)
    return (*_DEAREST, False)


def cost(model: str, input_tokens: int, output_tokens: int) -> float:
    """Return what a call costs in US dollars."""
    price_in, price_out, _ = price_of(model)
    return (input_tokens * price_in + output_tokens * price_out) / 1e6
