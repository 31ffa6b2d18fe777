"""Says what language models were asked, what it cost, and what they answered: the base of budgets and of the cache."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select

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
    """``answered``, the kind of failure, or ``reserved`` while the answer is awaited."""
    stop_reason: str
    input_tokens: int
    output_tokens: int
    usd: float
    seconds: float
    manifest: Json
    """Says what left the machine: names of the fields, bytes, hash."""
    reply: str = ""


class LanguageModelCalls(Audit):
    """Recording and reading what language models were asked."""

    def reserve_language_model_call(self, call: LanguageModelCall) -> int:
        """Record that a call is about to be made, with what leaves the machine and what it may cost at the worst.

        Returns
        -------
        int
            The reservation, for :meth:`record_language_model_call`.
        """
        reserved = replace(call, outcome="reserved")
        with self._writing() as connection:
            sequence = append(connection, "language_model_reserved", call.incident_id, _shown(reserved))
            connection.execute(insert(language_model_calls).values(sequence=sequence, **_values(reserved)))
        return sequence

    def record_language_model_call(self, call: LanguageModelCall, reservation: int | None = None) -> None:
        """Record one call, whatever came of it, in place of its reservation where there is one."""
        with self._writing() as connection:
            sequence = append(connection, "language_model_call", call.incident_id, _shown(call))
            if reservation is not None:
                mine = language_model_calls.c.sequence == reservation
                connection.execute(delete(language_model_calls).where(mine))
            connection.execute(insert(language_model_calls).values(sequence=sequence, **_values(call)))

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


def _values(call: LanguageModelCall) -> Json:
    return {name: getattr(call, name) for name in LanguageModelCall.__dataclass_fields__}


def _shown(call: LanguageModelCall) -> Json:
    return {
        "engine": call.engine,
        "question_hash": call.question_hash,
        "outcome": call.outcome,
        "tokens": [call.input_tokens, call.output_tokens],
        "usd": call.usd,
        "manifest": call.manifest,
        "reply_sha256": digest(call.reply),
    }


def _call(row: Row[Any]) -> LanguageModelCall:
    return LanguageModelCall(**{name: getattr(row, name) for name in LanguageModelCall.__dataclass_fields__})
