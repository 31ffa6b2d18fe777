"""Says what the engine asks of a language model, and what can go wrong. No client library is known here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from airmedic_core.diagnose.token_prices import Price
from airmedic_core.errors import AirmedicError
from airmedic_core.records import Json

Failure = Literal[
    "refused", "truncated", "unreachable", "timed_out", "rate_limited", "rejected", "over_budget", "off_form"
]


MOST_TOKENS = 10_000_000
"""Tokens of one call: ten times the largest context that a provider offers."""


class LanguageModelError(AirmedicError):
    """A language model gave no usable answer. The rules' answer stands, so this never fails a task.

    Parameters
    ----------
    failure : Failure
        What kind of failure, for the record.
    problem : str
        What happened.
    reply : Reply, optional
        The answer that was paid for, where there is one.
    """

    def __init__(self, failure: Failure, problem: str, reply: Reply | None = None) -> None:
        super().__init__(problem)
        self.failure = failure
        self.reply = reply


@dataclass(frozen=True)
class Question:
    """One thing to ask: instructions, what it is about, and the form of the answer."""

    system: str
    content: str
    schema: Json
    max_tokens: int
    earlier_answer: str = ""
    """An answer that code found wanting …"""
    complaint: str = ""
    """… and what was wrong with it, for the one attempt to repair it."""


@dataclass(frozen=True)
class Reply:
    """Holds what came back, with what it took."""

    text: str
    stop_reason: str
    input_tokens: int
    output_tokens: int
    seconds: float

    @property
    def counts_hold(self) -> bool:
        """Say whether the numbers of tokens can be what was counted: an endpoint may state anything."""
        return all(0 <= tokens <= MOST_TOKENS for tokens in (self.input_tokens, self.output_tokens))

    @property
    def storable_text(self) -> str:
        """The text without what databases refuse: NUL characters and halves of characters."""
        return self.text.replace("\0", "\ufffd").encode(errors="replace").decode()

    def plausible(self) -> Reply:
        """Return the reply with text that can be stored.

        Raises
        ------
        LanguageModelError
            With the failure ``off_form``, if the numbers of tokens cannot be.
        """
        if not self.counts_hold:
            raise LanguageModelError("off_form", "The endpoint states numbers of tokens that cannot be.", self)
        return replace(self, text=self.storable_text)


class LanguageModel(Protocol):
    """A language model that answers in a given form. It has no tools and sees nothing but the question."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...

    @property
    def price(self) -> Price | None:
        """Return what it costs; None where that is not known, and then it is not asked."""
        ...

    def ask(self, question: Question) -> Reply:
        """Return the answer.

        Raises
        ------
        LanguageModelError
            If there is none, with the kind of failure.
        """
        ...
