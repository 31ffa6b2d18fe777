"""The decision trace: each rule that was asked about each action, what it said, and why one was chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from airmedic_core.actions import infinitive
from airmedic_core.decide.propose import Standing, ruled
from airmedic_core.decide.request import LEFT_TO_DIAGNOSIS, UNNAMED
from airmedic_core.decide.rules_asked import Rule, rules_asked
from airmedic_core.policy import Policy, environment_of
from airmedic_core.read_model.plain import rounded, words
from airmedic_core.records import Diagnosis, Json, Permission, from_json
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.private import Privacy

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_MOST_RECORDS = 50
"""Changes of a policy that are looked through for the one by which an incident was decided."""
_MOST_OF_INCIDENT = 1000
"""Records of an incident that are looked through for its diagnoses: many times what one that is decided on ten times
has."""


def decisions_json(ws: Workspace, dossier: Dossier, privacy: Privacy) -> list[Json]:
    """Return the decisions on an incident, oldest first, each with all actions that were considered.

    Parameters
    ----------
    ws : Workspace
        The incident's model.
    dossier : Dossier
        What is on record about the incident.
    privacy : Privacy
        Leaves out private columns.
    """
    proposed = {proposal.hash: proposal for proposal in dossier.proposals}
    policies: dict[str, Policy | None] = {}
    lines: list[Json] = []
    stood = _stood(ws, dossier)
    for number, decision in enumerate(dossier.decisions):
        details: Json = decision.get("details") or {}
        proposal = proposed.get(decision.get("proposal_hash") or "")
        sha256 = str(details.get("policy_sha256") or "")
        if sha256 and sha256 not in policies:
            policies[sha256] = _recorded(ws, str(details.get("policy") or ""), sha256)
        diagnosis = stood[number] if stood else None
        trace = _Trace(ws, diagnosis, details, policies.get(sha256), is_known=stood is not None)
        chosen = proposal.action if proposal else None
        asks = proposal is not None and proposal.permission.people > 0
        lines.append(
            {
                "at": decision["at"],
                "path": decision["path"],
                "reason": privacy.text(str(decision["reason"])),
                "action": chosen,
                "action_words": infinitive(chosen) if chosen else "",
                "permission": proposal.permission.value if proposal else None,
                "proposal_hash": decision.get("proposal_hash"),
                "requested_by": details.get("requested_by") or "",
                "dry_run": bool(details.get("dry_run")),
                "learning": _learning(details),
                "policy": details.get("policy") or "",
                "policy_sha256": sha256,
                "considered": [
                    {**line, "reason": privacy.text(line["reason"]), "rules": privacy.texts(line["rules"])}
                    for line in trace.considered(decision, chosen, asks=asks)
                ],
            }
        )
    return lines


class _Trace:
    """Reads one decision back."""

    def __init__(
        self, ws: Workspace, diagnosis: Diagnosis | None, details: Json, policy: Policy | None, *, is_known: bool
    ) -> None:
        self._environment = str(details.get("environment") or environment_of(ws))
        # What a rule said depends on the cause and on the environment: neither is taken as it is today.
        self._is_known = is_known and "environment" in details
        self._diagnosis = diagnosis
        self._details = details
        self._policy = policy

    def considered(self, decision: Mapping[str, Any], chosen: str | None, *, asks: bool) -> Iterator[Json]:
        """Yield what was passed over, what was chosen, and what was left, in the order of the decision."""
        passed_over = [entry for entry in decision.get("skipped") or () if entry.get("action")]
        learning: Json = self._details.get("learning") or {}
        ranking: dict[str, Json] = {str(action): {} for action in learning.get("considered") or ()}
        ranking |= {str(entry.get("action")): entry for entry in self._details.get("ranking") or ()}
        told: set[str] = set()
        # A companion is looked at once the choice is made.
        companions = [entry for entry in passed_over if chosen is not None and str(entry["action"]) not in ranking]
        for entry in passed_over:
            if entry not in companions:
                told.add(str(entry["action"]))
                yield self._stopped(entry, ranking)
        if chosen is not None and self._policy is not None and chosen not in told:
            told.add(chosen)
            rules = self._rules(chosen, "", "", asks=asks)
            yield _line(chosen, "chosen", str(decision["reason"]), "", ranking, rules)
        for entry in companions:
            told.add(str(entry["action"]))
            yield self._stopped(entry, ranking)
        for action in ranking:
            if action not in told:
                told.add(action)
                reason = "An earlier choice was let through." if chosen else "Nothing was asked about it."
                yield _line(action, "not_reached", reason, "", ranking, [])
        for remedy in self._diagnosis.actions if self._diagnosis and self._policy is not None else ():
            if remedy.condition and remedy.action not in told:
                told.add(remedy.action)
                reason = f"Only {remedy.condition}: that is for people to judge."
                yield _line(remedy.action, "conditional", reason, "", ranking, [])

    def _stopped(self, entry: Json, ranking: Mapping[str, Json]) -> Json:
        action, limit, reason = (str(entry.get(key, "")) for key in ("action", "limit", "reason"))
        return _line(action, "passed_over", reason, limit, ranking, self._rules(action, limit, reason, asks=True))

    def _rules(self, action: str, objects: str, reason: str, *, asks: bool) -> list[Json]:
        """Return each rule that was asked about an action, up to the one that stopped it."""
        if self._policy is None:
            return []
        asked = rules_asked(action, self._policy.limits_in(self._environment), asks=asks)
        if objects and objects not in {rule.name for rule in asked}:
            return []
        rows: list[Json] = []
        for rule in asked:
            is_met = rule.name != objects
            said = self._ruling(action) if rule.name == "policy" and is_met else "" if is_met else reason
            rows.append(_rule(rule, is_met=is_met, said=said))
            if not is_met:
                break
        return rows

    def _ruling(self, action: str) -> str:
        """Return which rule of the policy spoke of an action, and what it said; empty where that is not on record."""
        if self._policy is None or not self._is_known:
            return ""
        chooses = self._details.get("requested") not in LEFT_TO_DIAGNOSIS
        by = str(self._details.get("requested_by") or UNNAMED) if chooses else ""
        standing = Standing.of(self._diagnosis, self._policy, requested_by=by)
        permission, vouched_by = ruled(self._policy, action, self._environment, standing)
        verification = "verified" if vouched_by else standing.verification_for(action)
        place, _ = self._policy.ruling(action, self._environment, verification)
        return f"Rule {place}: {_SAYS[permission]}" if place else ""


def _stood(ws: Workspace, dossier: Dossier) -> list[Diagnosis | None] | None:
    """Return the diagnosis that stood at each decision, as the chain has it; nothing where that is unknown."""
    standing: Diagnosis | None = None
    stood: list[Diagnosis | None] = []
    for record in reversed(ws.ledger.audit_records(subject=dossier.incident.id, limit=_MOST_OF_INCIDENT)):
        if record.kind == "decision":
            stood.append(standing)
        elif record.kind == "diagnosis":
            try:
                diagnosis = from_json(Diagnosis, record.payload["diagnosis"])
            except (KeyError, TypeError, ValueError):
                # An older version may have known a cause that is gone.
                return None
            if record.payload["stands"]:
                standing = diagnosis
            elif standing is not None and standing.engine == diagnosis.engine:
                standing = None
    return stood if len(stood) == len(dossier.decisions) else None


def _learning(details: Json) -> Json | None:
    """Return whether past outcomes ordered the actions, and which one they would have had tried."""
    learning = details.get("learning")
    if not isinstance(learning, dict):
        return None
    return {"mode": learning.get("mode"), "would_try": infinitive(str(learning.get("would_try") or ""))}


_SAYS = {
    Permission.AUTO: "without asking",
    Permission.ASK: "with one approval",
    Permission.ASK_TWO: "with two approvals",
    Permission.RECOMMEND: "as a recommendation only",
    Permission.DENY: "no",
}


def _rule(rule: Rule, *, is_met: bool, said: str) -> Json:
    return {"rule": rule.name, "question": rule.question, "met": is_met, "said": said}


def _line(
    action: str, fate: str, reason: str, limit: str, ranking: Mapping[str, Json], rules: list[Json]
) -> dict[str, Any]:
    known = ranking.get(action)
    rank = None
    if known:
        numbers = {name: rounded(known.get(name)) for name in ("mean", "low", "high", "prior")}
        rank = {**numbers, "successes": known.get("successes"), "failures": known.get("failures")}
    return {
        "action": action,
        "action_words": infinitive(action),
        "fate": fate,
        "stopped_by": words(limit),
        "reason": reason,
        "rank": rank,
        "rules": rules,
    }


def _recorded(ws: Workspace, name: str, sha256: str) -> Policy | None:
    """Return a policy as it was on record when something was decided by it; nothing where it cannot be read back."""
    for record in ws.ledger.audit_records(subject=name, limit=_MOST_RECORDS):
        if record.kind == "policy" and record.payload.get("sha256") == sha256:
            try:
                return Policy.model_validate(record.payload.get("content"))
            except ValidationError:
                # An older version may have known keys that are gone.
                return None
    return None
