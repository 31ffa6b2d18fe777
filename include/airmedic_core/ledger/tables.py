"""The ledger's tables, as SQLAlchemy knows them. The migrations beside this file make them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

from airmedic_core.windows import as_utc

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"},
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, aware on every database. SQLite would otherwise forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy gives it
        """Convert what is written to UTC."""
        return None if value is None else as_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy gives it
        """Say that what is read is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _hash(name: str, **options: Any) -> Column[str]:
    return Column(name, String(64), **options)


def _name(name: str, length: int = 255, **options: Any) -> Column[str]:
    return Column(name, String(length), **options)


def _moment(name: str, **options: Any) -> Column[datetime]:
    return Column(name, UtcDateTime(), **options)


def _json(name: str, **options: Any) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), **options)


batches = Table(
    "batches",
    metadata,
    _name("id", primary_key=True),
    _name("model", 63, nullable=False),
    _moment("window_start", nullable=False),
    _moment("window_end", nullable=False),
    _moment("as_of", nullable=False),
    Column("rows", BigInteger, nullable=False),
    _name("model_version", 63),
    _name("outcome", 16),
    _name("cause", 40),
    _json("assessment"),
    Column("profile_path", Text),
    _name("metric_name", 63),
    Column("metric_value", Float(53)),
    Column("metric_low", Float(53)),
    Column("metric_high", Float(53)),
    Column("metric_limit", Float(53)),
    Column("metric_higher_is_better", Boolean),
    Column("largest_move", Float(53)),
    Column("rows_expected", Float(53)),
    _moment("assessed_at"),
    # Trends of all models read thirty thousand of these numbers: out of the index, and never the long rows.
    Index("ix_batches_trend", "model", "window_start", "metric_value", "largest_move"),
)


def _findings(name: str) -> Table:
    return Table(
        name,
        metadata,
        _name("batch_id", primary_key=True),
        _name("check_group", 16, primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        _name("model", 63, nullable=False),
        _name("model_version", 63),
        _name("check_name", 63, nullable=False),
        Column("subject", Text, nullable=False),
        _name("statistic", 63, nullable=False),
        _name("verdict", 16, nullable=False),
        Column("value", Float(53)),
        Column("baseline", Float(53)),
        Column("threshold", Float(53)),
        _json("record", nullable=False),
        Index(None, "model", "check_name"),
    )


data_quality = _findings("data_quality")
_unknown = data_quality.c.verdict == "unknown"
Index("ix_data_quality_unknown", data_quality.c.model, sqlite_where=_unknown, postgresql_where=_unknown)
model_metrics = _findings("model_metrics")

incidents = Table(
    "incidents",
    metadata,
    _name("id", primary_key=True),
    _name("model", 63, nullable=False),
    _name("state", 32, nullable=False),
    _name("severity", 16, nullable=False),
    _name("cause", 40, nullable=False),
    Column("headline", Text, nullable=False),
    _name("fingerprint", nullable=False),
    _moment("window_start", nullable=False),
    _moment("window_end", nullable=False),
    _moment("as_of", nullable=False),
    _json("batch_ids", nullable=False),
    _moment("opened_at", nullable=False),
    _moment("closed_at"),
    _json("resolution", nullable=False),
    _name("mlflow_run_id", 64),
    Index(None, "model", "opened_at"),
    Index(None, "opened_at"),
    Index(None, "state"),
)

evidence = Table(
    "evidence",
    metadata,
    _name("incident_id", primary_key=True),
    _hash("packet_hash", nullable=False),
    _json("packet", nullable=False),
    _moment("recorded_at", nullable=False),
)

diagnoses = Table(
    "diagnoses",
    metadata,
    _name("incident_id", primary_key=True),
    _name("engine", 120, primary_key=True),
    _name("cause", 40, nullable=False),
    _name("status", 16, nullable=False),
    Column("stands", Integer, nullable=False),
    _json("record", nullable=False),
    _moment("recorded_at", nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _name("incident_id", nullable=False),
    _name("path", 32, nullable=False),
    _hash("proposal_hash"),
    Column("reason", Text, nullable=False),
    _json("skipped", nullable=False),
    _json("details", nullable=False),
    _moment("decided_at", nullable=False),
    Index(None, "incident_id"),
)

proposals = Table(
    "proposals",
    metadata,
    _hash("hash", primary_key=True),
    _name("incident_id", nullable=False),
    _name("model", 63, nullable=False),
    _name("action", 63, nullable=False),
    _name("permission", 16, nullable=False),
    _moment("created_at", nullable=False),
    _moment("expires_at", nullable=False),
    _json("record", nullable=False),
    Index(None, "incident_id", "action"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _name("proposal_hash", 128, nullable=False),
    _name("answer", 16, nullable=False),
    _name("by", nullable=False),
    _moment("at", nullable=False),
    _name("channel", 16, nullable=False),
    Column("comment", Text, nullable=False),
    Column("refused_because", Text, nullable=False),
    _hash("shown_sha256"),
    Column("review_seconds", Float(53)),
    _moment("snooze_until"),
    _json("member_of"),
    Index(None, "proposal_hash"),
)

actions = Table(
    "actions",
    metadata,
    _hash("proposal_hash", primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    _name("incident_id", nullable=False),
    _name("model", 63, nullable=False),
    _name("action", 63, nullable=False),
    _name("status", 16, nullable=False),
    Column("summary", Text, nullable=False),
    Column("seconds", Float(53), nullable=False),
    _json("output", nullable=False),
    _json("snapshot", nullable=False),
    _moment("started_at", nullable=False),
    _moment("finished_at"),
    Index(None, "model", "started_at"),
    Index(None, "started_at"),
    Index(None, "incident_id"),
)

trainings = Table(
    "trainings",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _name("model", 63, nullable=False),
    _name("incident_id", nullable=False),
    _hash("proposal_hash", nullable=False),
    _moment("started_at", nullable=False),
    Column("seconds", Float(53)),
    Index(None, "started_at"),
)

promotions = Table(
    "promotions",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _name("model", 63, nullable=False),
    _name("from_version", 63),
    _name("to_version", 63, nullable=False),
    _name("kind", 16, nullable=False),
    _moment("at", nullable=False),
    _name("by", nullable=False),
    _hash("proposal_hash"),
    Column("seconds", Float(53)),
    Index(None, "model", "at"),
)

overrides = Table(
    "overrides",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _name("model", 63, nullable=False),
    _name("kind", 32, nullable=False),
    Column("key", Text, nullable=False),
    _json("value", nullable=False),
    _name("author", nullable=False),
    Column("reason", Text, nullable=False),
    _moment("created_at", nullable=False),
    _moment("expires_at"),
    _moment("revoked_at"),
    _name("revoked_by"),
    Index(None, "model", "kind"),
)

language_model_calls = Table(
    "language_model_calls",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _name("incident_id", nullable=False),
    _name("engine", 120, nullable=False),
    _moment("asked_at", nullable=False),
    _hash("question_hash", nullable=False),
    _name("outcome", 32, nullable=False),
    _name("stop_reason", 63, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("usd", Float(53), nullable=False),
    Column("seconds", Float(53), nullable=False),
    _json("manifest", nullable=False),
    Column("reply", Text, nullable=False),
    Index(None, "incident_id"),
    Index(None, "asked_at"),
    Index(None, "question_hash"),
)

locks = Table(
    "locks",
    metadata,
    _name("name", primary_key=True),
    _name("holder", 64, nullable=False),
    _moment("expires_at", nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _name("at", 40, nullable=False),
    _name("kind", 32, nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", Text, nullable=False),
    _hash("previous_hash", nullable=False),
    _hash("hash", nullable=False),
    Index(None, "subject"),
    Index(None, "hash"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    _hash("hash", nullable=False),
)
