"""What language models were asked, what it cost, and what they answered: the base of budgets and of the cache."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select

from airmedic_core.ledger.audit import Audit, append
from airmedic_core.ledger.tables import language_model_calls
from airmedic_core.records import Json, digest


@dataclass(frozen=True)
class LanguageModelCall:
    """One question that was put to a language model."""

    incident_id: str
    engine: str
    asked_at: datetime
    question_hash: str
    outcome: str
    """``answered``, or the kind of failure."""
    stop_reason: str
    input_tokens: int
    output_tokens: int
    usd: float
    seconds: float
    manifest: Json
    """What left the machine: names of the fields, bytes, hash."""
    reply: str = ""


class LanguageModelCalls(Audit):
    """Recording and reading what language models were asked."""

    def record_language_model_call(self, call: LanguageModelCall) -> None:
        """Record one call, whatever came of it."""
        values = {name: getattr(call, name) for name in LanguageModelCall.__dataclass_fields__}
        shown = {
            "engine": call.engine,
            "question_hash": call.question_hash,
            "outcome": call.outcome,
            "tokens": [call.input_tokens, call.output_tokens],
            "usd": call.usd,
            "manifest": call.manifest,
            "reply_sha256": digest(call.reply),
        }
        with self._writing() as connection:
            sequence = append(connection, "language_model_call", call.incident_id, shown)
            connection.execute(insert(language_model_calls).values(sequence=sequence, **values))

    def language_model_calls(
        self, *, incident_id: str | None = None, since: datetime | None = None
    ) -> list[LanguageModelCall]:
        """Return the calls, newest first, for one incident or from a moment on."""
        query = select(language_model_calls).order_by(language_model_calls.c.sequence.desc())
        if incident_id is not None:
            query = query.where(language_model_calls.c.incident_id == incident_id)
        if since is not None:
            query = query.where(language_model_calls.c.asked_at >= since)
        with self._reading() as connection:
            return [_call(row) for row in connection.execute(query)]

    def answered_call(self, question_hash: str) -> LanguageModelCall | None:
        """Return the newest call that answered exactly this question."""
        query = (
            select(language_model_calls)
            .where(language_model_calls.c.question_hash == question_hash)
            .where(language_model_calls.c.outcome == "answered")
            .order_by(language_model_calls.c.sequence.desc())
            .limit(1)
        )
        with self._reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _call(row)


def _call(row: Row[Any]) -> LanguageModelCall:
    return LanguageModelCall(**{name: getattr(row, name) for name in LanguageModelCall.__dataclass_fields__})
