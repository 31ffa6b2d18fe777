"""The nouns of the engine: small frozen records that travel between its parts, through XCom and into the ledger.

Every record turns into plain JSON with :func:`to_json` and back with :func:`from_json`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypeVar

# A record carries them, so they can be imported with it.
from airmedic_core.causes import Cause as Cause  # noqa: PLC0414
from airmedic_core.causes import Severity as Severity  # noqa: PLC0414
from airmedic_core.windows import Window, as_utc

Json = dict[str, Any]
RecordT = TypeVar("RecordT")


class Verdict(StrEnum):
    """What one check says of one subject, mildest first."""

    OK = "ok"
    UNKNOWN = "unknown"
    WATCH = "watch"
    ALERT = "alert"


_MILDEST_FIRST = tuple(Verdict)

ABNORMAL = frozenset({Verdict.WATCH, Verdict.ALERT})
"""Verdicts of findings that are not in order."""

REQUESTED = "requested"
"""Fingerprint of incidents that a person's request or a review opened: no batch is attached to them."""

NOBODY = "nobody"
"""Who answered a proposal when nobody did in time."""


class IncidentState(StrEnum):
    """Where an incident stands. The last four are ends."""

    OPEN = "open"
    DIAGNOSED = "diagnosed"
    AWAITING_APPROVAL = "awaiting_approval"
    ACTING = "acting"
    VERIFYING = "verifying"
    RESOLVED = "resolved"
    REJECTED = "rejected"
    UNDONE = "undone"
    ESCALATED = "escalated"


class Permission(StrEnum):
    """What the policy says of an action, strictest first."""

    DENY = "deny"
    RECOMMEND = "recommend"
    ASK_TWO = "ask_two"
    ASK = "ask"
    AUTO = "auto"


@dataclass(frozen=True)
class Batch:
    """The rows of one model in one window, by name only."""

    model: str
    window: Window
    as_of: datetime
    """The moment of the observation: labels that became known later do not exist yet."""
    rows: int

    @property
    def id(self) -> str:
        """Identity of the batch: the same model and window is the same batch."""
        return f"{self.model}__{self.window.key}"


class Role(StrEnum):
    """What a finding is evidence of. Whoever weighs findings reads this, never the name of a check."""

    INPUT_MOVED = "input_moved"
    """An input lies elsewhere than it usually does."""
    DATA_FAULT = "data_fault"
    """The rows are damaged, late, doubled, renamed, in another unit …"""
    LOSS = "loss"
    """Performance fell, or is estimated to have fallen. Details: ``decides`` where a loss of this metric counts,
    ``estimated`` where it rests on inputs alone, ``previous_version`` where two versions are compared on the same
    rows, ``not_knowable`` with the sentence that says which labels would decide it."""
    EXPLAINS_LOSS = "explains_loss"
    """Which part of a loss inputs, class mix or the relation account for. Details: ``decides`` where the first
    suggestion counts although the finding itself is in order."""
    SCORES_MOVED = "scores_moved"
    """The model answers otherwise than it did."""
    SERVICE = "service"
    """How the model is served: latency, the version in service."""
    INFORMATION = "information"
    """A fact that speaks for no cause. An alert of this role is an incident that nothing explains."""


@dataclass(frozen=True)
class Finding:
    """One check's result on one subject."""

    check: str
    """Registry key of the check."""
    subject: str
    """A column, a segment such as ``hotel=City Hotel``, or ``batch``."""
    statistic: str
    """What was measured: ``psi``, ``null_fraction``, ``roc_auc``."""
    verdict: Verdict
    value: float | None = None
    baseline: float | None = None
    limit: float | None = None
    effect: float | None = None
    """Size of the change in units of its own scale (standard deviations, or a difference of fractions)."""
    p_value: float | None = None
    sample_size: int | None = None
    unit: str = ""
    message: str = ""
    """One sentence for people."""
    suggests: tuple[Cause, ...] = ()
    """Causes that this finding is evidence for, most specific first. Empty for facts."""
    role: Role = Role.INFORMATION
    explained_by: tuple[Cause, ...] = ()
    """Causes of which this finding is only a symptom: where another finding alerts of one of them on the same subject,
    or on the whole batch, this one says nothing of its own. A finding that is itself explained by a cause explains no
    other by it: two failed rules on the type of a column do not drop each other."""
    details: Json = field(default_factory=dict)
    """Further numbers and flags. ``failed`` is true where the check could not be carried out."""

    @property
    def key(self) -> str:
        """Identity of the finding within its batch."""
        return f"{self.check}:{self.subject}:{self.statistic}"

    @property
    def failed(self) -> bool:
        """Whether the check could not be carried out: what it looks for may be there or not."""
        return self.verdict is Verdict.UNKNOWN and bool(self.details.get("failed"))

    @property
    def urgency(self) -> tuple[int, float, str]:
        """Sorts findings by the worst verdict, then by the largest effect."""
        return -_MILDEST_FIRST.index(self.verdict), -abs(self.effect or 0.0), self.key


@dataclass(frozen=True)
class Assessment:
    """What a batch means: the checks' findings, weighed."""

    batch_id: str
    outcome: Literal["healthy", "watch", "incident"]
    cause: Cause
    severity: Severity
    headline: str
    fingerprint: str
    """Equal for the same problem of the same model, whatever the window."""
    finding_keys: tuple[str, ...] = ()
    """The findings that decided, strongest first."""
    not_knowable: tuple[str, ...] = ()
    """What cannot be known yet, and what would decide it."""


@dataclass(frozen=True)
class Incident:
    """The record of one problem of one model, from opening to resolution."""

    id: str
    model: str
    state: IncidentState
    severity: Severity
    cause: Cause
    headline: str
    fingerprint: str
    window: Window
    """The window in which it was first seen."""
    as_of: datetime
    """The moment from which it is looked at: that of the newest batch it was seen in."""
    batch_ids: tuple[str, ...]
    opened_at: datetime
    closed_at: datetime | None = None
    resolution: Json = field(default_factory=dict)
    mlflow_run_id: str | None = None


@dataclass(frozen=True)
class Evidence:
    """An immutable finding or fact that a diagnosis may cite."""

    id: str
    """``E1``, ``E2``, … within its packet."""
    kind: str
    collector: str
    subject: str
    statement: str
    """The fact in words, made by code."""
    value: float | None = None
    baseline: float | None = None
    limit: float | None = None
    effect: float | None = None
    direction: Literal["up", "down", "changed", "same", ""] = ""
    unit: str = ""
    sample_size: int | None = None
    window: str = ""
    source: str = ""
    trust: Literal["measured", "recorded", "written"] = "measured"
    """``measured`` by code, ``recorded`` by a system, ``written`` by people (runbooks, notes)."""
    suggests: tuple[Cause, ...] = ()
    verdict: Verdict = Verdict.OK
    details: Json = field(default_factory=dict)
    """Of a finding: its own details, with its check, statistic, role, p-value and what explains it."""

    @property
    def role(self) -> Role:
        """What the finding behind it is evidence of; ``information`` for facts."""
        return Role(self.details.get("role", Role.INFORMATION))

    @property
    def explained_by(self) -> tuple[Cause, ...]:
        """Causes of which the finding behind it is only a symptom."""
        return tuple(Cause(name) for name in self.details.get("explained_by", ()))

    @property
    def p_value(self) -> float | None:
        """How likely the finding behind it is by chance."""
        value = self.details.get("p_value")
        return value if isinstance(value, int | float) else None


@dataclass(frozen=True)
class EvidencePacket:
    """Everything a diagnosis may rest on, with what could not be collected."""

    incident_id: str
    model: str
    items: tuple[Evidence, ...]
    gaps: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 of the packet's canonical JSON."""
        return digest(to_json(self))


@dataclass(frozen=True)
class RankedCause:
    """One candidate cause with the evidence for and against it."""

    cause: Cause
    confidence: float
    supporting: tuple[str, ...] = ()
    contradicting: tuple[str, ...] = ()
    explanation: str = ""


@dataclass(frozen=True)
class RecommendedAction:
    """An action that a diagnosis recommends."""

    action: str
    priority: int
    why: str = ""
    condition: str = ""
    """When it applies, such as "if the retrained model is refused"; empty for always."""


@dataclass(frozen=True)
class Diagnosis:
    """Ranked causes with their evidence, and what to do."""

    incident_id: str
    engine: str
    """``rules``, or the name of the language model."""
    causes: tuple[RankedCause, ...]
    severity: Severity
    summary: str
    actions: tuple[RecommendedAction, ...]
    packet_hash: str
    runbook: str = ""
    """``file.md#anchor`` of the section to follow."""
    similar_incidents: tuple[str, ...] = ()
    not_knowable: tuple[str, ...] = ()
    status: Literal["verified", "unverified"] = "verified"
    notes: tuple[str, ...] = ()
    """What the verifier changed, why the other engine's answer does not stand, …"""

    @property
    def cause(self) -> Cause:
        """The first-ranked cause."""
        return self.causes[0].cause if self.causes else Cause.UNKNOWN

    @property
    def confidence(self) -> float:
        """Confidence in the first-ranked cause."""
        return self.causes[0].confidence if self.causes else 0.0


@dataclass(frozen=True)
class Proposal:
    """An action with its parameters and expected effect. Its hash is what people approve."""

    incident_id: str
    model: str
    action: str
    params: Json
    expected: str
    """What it should improve, by how much and by when, in one sentence."""
    permission: Permission
    reason: str
    """Why this action, and why this permission."""
    created_at: datetime
    expires_at: datetime

    @property
    def hash(self) -> str:
        """SHA-256 over incident, model, action, parameters, expected effect, permission and expiry."""
        terms = {"permission": self.permission.value, "expires_at": as_utc(self.expires_at).isoformat()}
        return digest(self._deed() | terms)

    @property
    def former_hash(self) -> str:
        """The hash as earlier versions made it, without permission and expiry. It can be read, and not carried out."""
        return digest(self._deed())

    def _deed(self) -> Json:
        return {
            "incident_id": self.incident_id,
            "model": self.model,
            "action": self.action,
            "params": self.params,
            "expected": self.expected,
        }


@dataclass(frozen=True)
class Approval:
    """A recorded answer to one proposal hash."""

    proposal_hash: str
    answer: Literal["approve", "reject"]
    by: str
    at: datetime
    channel: Literal["airflow", "policy"]
    comment: str = ""
    refused_because: str = ""
    """Why the answer does not count (late, not an approver, answered before); empty if it counts."""
    shown_sha256: str | None = None
    """Digest of the text that was shown."""
    review_seconds: float | None = None
    """From the question to the answer."""


@dataclass(frozen=True)
class ActionResult:
    """What came of carrying out a proposal."""

    proposal_hash: str
    action: str
    status: Literal["done", "failed", "undone"]
    summary: str
    seconds: float
    output: Json = field(default_factory=dict)


@dataclass(frozen=True)
class GateResult:
    """Whether a challenger may replace the champion, and why."""

    outcome: Literal["passed", "refused", "inconclusive", "not_comparable"]
    metric: str
    reasons: tuple[str, ...]
    champion: str = ""
    challenger: str = ""
    champion_value: float | None = None
    challenger_value: float | None = None
    difference: float | None = None
    """Challenger minus champion, signed so that positive is better."""
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    rows: int = 0
    blocks: int = 0
    segments: tuple[Json, ...] = ()


@dataclass(frozen=True)
class Promotion:
    """One switch of the alias ``champion``."""

    model: str
    from_version: str | None
    to_version: str
    kind: Literal["adopt", "deploy", "rollback", "manual"]
    at: datetime
    by: str
    proposal_hash: str | None = None
    seconds: float | None = None


def to_json(record: Any) -> Json:
    """Return a record as plain JSON: dicts, lists, strings, numbers; non-finite numbers become ``None``."""
    plain: Json = json.loads(_adapter(type(record)).dump_json(record))
    return plain


def from_json(kind: type[RecordT], plain: Json) -> RecordT:
    """Return the record of a kind that :func:`to_json` wrote.

    Raises
    ------
    pydantic.ValidationError
        If the JSON does not have the record's form.
    """
    record: RecordT = _adapter(kind).validate_python(plain)
    return record


def digest(plain: Any) -> str:
    """Return the SHA-256 of plain JSON in its canonical form (sorted keys, no spaces)."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


_adapters: dict[type, Any] = {}


def _adapter(kind: type) -> Any:
    if kind not in _adapters:
        from pydantic import TypeAdapter

        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
