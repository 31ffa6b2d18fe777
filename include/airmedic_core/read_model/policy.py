"""The policy of one model: what would happen now, and which rules, switches, limits and people say so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.actions import ACTIONS, infinitive
from airmedic_core.decide.explain import explain_action
from airmedic_core.decide.outlook import Outlook, Prospect, outlooks
from airmedic_core.decide.rejections import rejections
from airmedic_core.errors import SpecError
from airmedic_core.ledger import EVERY_MODEL
from airmedic_core.policy import TRIGGERS, Policy, environment_of, policy_of
from airmedic_core.read_model.plain import moment, rounded, words
from airmedic_core.records import Json
from airmedic_core.reports.private import Privacy

if TYPE_CHECKING:
    from airmedic_core.ledger.overrides import Override
    from airmedic_core.workspace import Workspace


def read_policy(ws: Workspace, *, now: datetime) -> Json:
    """Return what would happen now to a model, and why, as plain JSON.

    Parameters
    ----------
    ws : Workspace
        The model, with the kill switches of its surroundings.
    now : datetime
        The moment.
    """
    privacy, spec = Privacy(ws.spec), ws.spec
    answer: Json = {
        "model": spec.name,
        "policy": spec.policy,
        "environment": environment_of(ws),
        "generated_at": moment(now),
        "problem": "",
        "approvers": list(spec.approvers),
        "second_tier": list(spec.approval.second_tier),
        "escalates_after_seconds": spec.approval.escalate_after_seconds,
        "expires_after_seconds": spec.approval.expire_after_seconds,
        "overrides": [override_json(override, privacy) for override in ws.ledger.overrides(spec.name, now=now)],
        "causes": [], "actions": [], "stops": [], "rules": [], "limits": [], "freezes": [], "autonomy": {},
        "rejections": [],
    }  # fmt: skip
    try:
        policy = policy_of(ws)
    except SpecError as error:
        # Without a policy nothing is allowed, which is what people have to know.
        return answer | {"problem": privacy.text(str(error))}
    names = list(ACTIONS.working())
    told = {name: explain_action(ws, name, now=now, policy=policy) for name in names}
    return answer | {
        "policy_sha256": policy.sha256,
        "switched_off": policy.switched_off,
        "separation_of_duties": policy.separates_duties(environment_of(ws)),
        "causes": list(_causes(outlooks(ws, policy, now=now), privacy)),
        "actions": [_action(name, told[name], privacy) for name in names],
        "stops": list(_stops(told, privacy)),
        "rules": list(_rules(policy)),
        "limits": list(_limits(policy, environment_of(ws))),
        "freezes": [
            {
                "start": moment(freeze.start),
                "end": moment(freeze.end),
                "reason": freeze.reason,
                "environments": list(freeze.environments),
                "holds": freeze.start <= now < freeze.end,
            }
            for freeze in policy.freezes
        ],
        "autonomy": {trigger: policy.autonomy_of(trigger) for trigger in TRIGGERS},
        "remarks": policy.remarks(),
        "rejections": [
            {"action": name, "action_words": infinitive(name), "told": privacy.text(f"{rejection}."),
             "until": moment(rejection.until)}
            for name in names
            for rejection in rejections(ws, name, now=now)
            if now < rejection.until
        ],
    }  # fmt: skip


def override_json(override: Override, privacy: Privacy) -> Json:
    """Return what somebody has set beside the files, without the names of private columns."""
    return {
        "kind": override.kind,
        "key": privacy.text(override.key),
        "value": privacy.texts(override.plain_value),
        "author": override.author,
        "reason": privacy.text(override.reason),
        "created_at": moment(override.created_at),
        "expires_at": moment(override.expires_at),
        "of_all_models": override.model == EVERY_MODEL,
    }


def _causes(looked: list[Outlook], privacy: Privacy) -> Iterator[Json]:
    for cause in dict.fromkeys(outlook.cause for outlook in looked):
        by_verification: Json = {
            outlook.verification: [_prospect(prospect, privacy) for prospect in outlook.prospects]
            for outlook in looked
            if outlook.cause is cause
        }
        line: Json = {"cause": cause.value, "cause_words": cause.words, "decided_by": cause.traits.decided_by}
        yield line | by_verification


def _prospect(prospect: Prospect, privacy: Privacy) -> Json:
    return {
        "action": prospect.action,
        "action_words": infinitive(prospect.action),
        "fate": prospect.fate,
        "reason": privacy.text(prospect.reason),
        "stopped_by": words(prospect.rule),
        "why": prospect.why,
        "condition": prospect.condition,
        "permission": prospect.permission.value if prospect.permission else None,
        "approvals": prospect.approvals,
        "one_of": list(prospect.one_of),
    }


def _action(name: str, told: Json, privacy: Privacy) -> Json:
    minutes = {
        whose: {"spent": rounded(spent["spent"]), "allowed": rounded(spent["allowed"])}
        for whose, spent in told["training_minutes"].items()
    }
    return {
        "action": name,
        "action_words": infinitive(name),
        "permissions": told["permissions"],
        "stopped_by": {limit: privacy.text(reason) for limit, reason in told["stopped_by"].items()},
        "training_minutes": minutes,
        "one_of": told["one_of"],
    }


def _stops(told: dict[str, Json], privacy: Privacy) -> Iterator[Json]:
    """Yield each switch and limit that stops something now, with the actions that it stops."""
    stopped: dict[tuple[str, str], list[str]] = {}
    for name, known in told.items():
        for limit, reason in known["stopped_by"].items():
            stopped.setdefault((limit, reason), []).append(infinitive(name))
    for (limit, reason), actions in stopped.items():
        yield {"limit": words(limit), "reason": privacy.text(reason), "actions": actions}


def _rules(policy: Policy) -> Iterator[Json]:
    for place, rule in enumerate(policy.permissions, start=1):
        yield {
            "number": place,
            "actions": list(rule.actions),
            "actions_words": [infinitive(action) for action in rule.actions],
            "environments": list(rule.environments),
            "cause": rule.cause,
            "permission": rule.permission.value,
            "approvals": max(rule.approvals, rule.permission.people),
            "one_of": list(rule.one_of),
        }


def _limits(policy: Policy, environment: str) -> Iterator[Json]:
    for name, value in policy.limits_in(environment):
        if isinstance(value, int | float):
            yield {"limit": words(name), "value": value}
