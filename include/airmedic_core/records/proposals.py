"""Proposals, the answers to them, and what came of carrying them out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from airmedic_core.records.plain_json import Json, digest
from airmedic_core.windows import as_utc

NOBODY = "nobody"
"""The name on record for a proposal that nobody answered in time."""


class Permission(StrEnum):
    """Lists what the policy says of an action, strictest first."""

    DENY = "deny"
    RECOMMEND = "recommend"
    ASK_TWO = "ask_two"
    ASK = "ask"
    AUTO = "auto"

    @property
    def people(self) -> int:
        """Return how many different people have to agree, unless the policy's rule asks for more of them."""
        return {Permission.ASK_TWO: 2, Permission.ASK: 1}.get(self, 0)


TAKES_BACK = "takes_back"
"""Parameter of a proposal: hash of the action whose watch has shown nothing, and that it takes back, or completes, if
people say so."""
TRIED_BY = "deployment"
"""Parameter of a proposal: hash of the deployment that tries a version. One question asks about all such proposals."""


@dataclass(frozen=True)
class Proposal:
    """An action with its parameters and expected effect. Its hash is what people approve."""

    incident_id: str
    model: str
    action: str
    params: Json
    expected: str
    """Says what it should improve, by how much and by when, in one sentence."""
    permission: Permission
    reason: str
    """Why this action, and why this permission."""
    created_at: datetime
    expires_at: datetime
    vouched_by: str = ""
    """The person whose request stands in for a verified cause; somebody else has to approve the proposal then."""
    one_of: tuple[str, ...] = ()
    """The groups of each of which somebody has to be among those who approve."""
    approvals: int = 0
    """Says how many different people have to approve, where it is more than the permission says."""
    changed: str = ""
    """Says what is different from when it was called for: people are shown it first."""
    parent: str = ""
    """Hash of the proposal that an approver has narrowed to this one."""

    @property
    def hash(self) -> str:
        """SHA-256 over incident, model, action, parameters, expected effect, permission, expiry and further terms."""
        terms = {"permission": self.permission.value, "expires_at": as_utc(self.expires_at).isoformat()}
        return digest(self._deed() | terms | self._further_terms())

    @property
    def former_hash(self) -> str:
        """The hash as earlier versions made it, without permission and expiry. It can be read, and not carried out."""
        return digest(self._deed())

    def _further_terms(self) -> Json:
        """Return the terms that not every proposal has: one without them has the hash that it always had."""
        terms: Json = {
            "vouched_by": self.vouched_by,
            "changed": self.changed,
            "one_of": list(self.one_of),
            "approvals": self.approvals,
            "parent": self.parent,
        }
        return {name: term for name, term in terms.items() if term}

    @property
    def needed(self) -> int:
        """Return how many approvals it needs: the policy's own, or those of different people."""
        return max(self.approvals, self.permission.people, 1)

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
    """Seconds from the question to the answer."""
    snooze_until: datetime | None = None
    """Of a rejection: until when the same question is not asked again, unless something that it rests on changes."""
    member_of: tuple[str, ...] = ()
    """The groups of approvers that the person who answered belonged to at that moment."""


@dataclass(frozen=True)
class ActionResult:
    """Holds what came of carrying out a proposal."""

    proposal_hash: str
    action: str
    status: Literal["done", "failed", "undone", "stopped"]
    summary: str
    seconds: float
    output: Json = field(default_factory=dict)
