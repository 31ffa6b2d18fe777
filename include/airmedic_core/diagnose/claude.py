"""Claude, or any endpoint that speaks its Messages API, as a language model. The client comes from outside."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from airmedic_core.diagnose.language_model import LanguageModelError, Question, Reply
from airmedic_core.diagnose.token_prices import Price, price_of
from airmedic_core.diagnose.wording import plain

if TYPE_CHECKING:
    from anthropic import Anthropic

DEFAULT_MODEL = "claude-sonnet-5-5"
MOST_BYTES = 1_000_000
"""An answer above this is not one."""
_TRUNCATED = frozenset({"max_tokens", "model_context_window_exceeded"})


class ClaudeDiagnoser:
    """A language model behind an ``anthropic`` client.

    Parameters
    ----------
    client : anthropic.Anthropic
        Made by the caller, from an Airflow connection or the environment; holds address and key.
    model : str
        The model's name at that address.
    timeout_seconds : float
        How long one answer may take in all, a second attempt and slow streams included.
    price : Price, optional
        What it costs at that address; as its maker published it where not given.
    """

    def __init__(
        self,
        client: Anthropic,
        model: str = DEFAULT_MODEL,
        *,
        timeout_seconds: float = 120,
        price: Price | None = None,
    ) -> None:
        # The client would begin its time-out anew with each attempt; the second attempt is made here.
        self._client = client.with_options(max_retries=0)
        self._model = model
        self._timeout_seconds = timeout_seconds
        self._price = price or price_of(model)

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model

    @property
    def price(self) -> Price | None:
        """Return what it costs; nothing where neither the caller nor the table says."""
        return self._price

    def ask(self, question: Question) -> Reply:
        """Return the answer.

        Raises
        ------
        LanguageModelError
            If the model refuses, stops early, is late, or does not answer.
        """
        started = time.monotonic()
        deadline = started + self._timeout_seconds
        try:
            body = self._send(question, deadline)
        except LanguageModelError as error:
            if error.failure != "unreachable":
                raise
            body = self._send(question, deadline)
        try:
            message = json.loads(body)
            usage, stop_reason = message["usage"], str(message["stop_reason"])
            text = "".join(block["text"] for block in message["content"] if block.get("type") == "text")
            reply = Reply(
                text=text,
                stop_reason=stop_reason,
                input_tokens=_input_tokens(usage),
                output_tokens=int(usage["output_tokens"]),
                seconds=round(time.monotonic() - started, 3),
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise LanguageModelError("off_form", "The endpoint's answer is not a message.") from error
        if stop_reason == "refusal":
            raise LanguageModelError("refused", "The model refused to answer.", reply)
        if stop_reason in _TRUNCATED:
            raise LanguageModelError("truncated", f"The answer was cut off ({stop_reason}).", reply)
        return reply

    def _send(self, question: Question, deadline: float) -> bytes:
        """Send the question and read the whole answer, but no longer than the deadline and no more than the limit."""
        import anthropic
        import httpx2

        try:
            with self._client.messages.with_streaming_response.create(
                timeout=max(0.01, deadline - time.monotonic()),
                model=self._model,
                max_tokens=question.max_tokens,
                system=question.system,
                messages=_messages(question),
                output_config={"format": {"type": "json_schema", "schema": question.schema}},
            ) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if time.monotonic() > deadline:
                        raise LanguageModelError("timed_out", f"No whole answer in {self._timeout_seconds:g} s.")
                    if len(body) > MOST_BYTES:
                        raise LanguageModelError("off_form", f"The answer exceeds {MOST_BYTES:,} bytes.")
                return bytes(body)
        except (anthropic.APITimeoutError, httpx2.TimeoutException) as error:
            raise LanguageModelError("timed_out", f"No answer in {self._timeout_seconds:g} s.") from error
        except (anthropic.APIConnectionError, httpx2.HTTPError) as error:
            raise LanguageModelError("unreachable", f"The endpoint does not answer: {type(error).__name__}.") from error
        except anthropic.APIStatusError as error:
            raise _status_error(error) from error
        except anthropic.AnthropicError as error:
            raise LanguageModelError("rejected", f"The client failed: {type(error).__name__}.") from error


def _messages(question: Question) -> list[Any]:
    messages = [{"role": "user", "content": question.content}]
    if question.complaint:
        messages += [
            {"role": "assistant", "content": question.earlier_answer},
            {"role": "user", "content": question.complaint},
        ]
    return messages


def _input_tokens(usage: dict[str, Any]) -> int:
    """Return all input tokens, cached ones included: they are counted at the full price, never too low."""
    kinds = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return sum(int(usage.get(kind) or 0) for kind in kinds)


def _status_error(error: Any) -> LanguageModelError:
    code = int(error.status_code)
    if code == 429:
        return LanguageModelError("rate_limited", "The endpoint asks for fewer requests (429).")
    if code >= 500:
        return LanguageModelError("unreachable", f"The endpoint failed ({code}).")
    return LanguageModelError("rejected", f"The endpoint refused the request ({code}): {plain(type(error).__name__)}.")
