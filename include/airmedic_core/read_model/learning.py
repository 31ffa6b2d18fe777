"""Says what is learned so far of each cause and action, as the page shows it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from airmedic_core.actions import infinitive
from airmedic_core.causes import Cause
from airmedic_core.errors import SpecError
from airmedic_core.learning import learning_report
from airmedic_core.policy import PRIORS, Learning, policy_of
from airmedic_core.read_model.plain import rounded
from airmedic_core.records import Json
from airmedic_core.reports.private import Privacy

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_MOST_KEPT = 8
"""Reports that are kept: one for each policy that models of a fleet commonly share."""
_kept: dict[tuple[str, ...], Json] = {}
"""Reports by what they rest on: the head of the audit chain, the policy's ``learning`` and the team's own priors."""

_SHARES = ("prior", "prior_weight", "mean", "low", "high", "propensity", "in_shadow")
_COUNTS = (
    "place", "successes", "failures", "possible_in", "chosen_in", "would_have_been_tried", "trials_helped",
    "trials_did_not_help",
)  # fmt: skip
_ESTIMATE = ("doubly_robust", "low", "high", "inverse_propensity", "with_chance", "tried")


def read_learning(ws: Workspace) -> Json:
    """Return what past outcomes teach under the model's policy, as plain JSON.

    The outcomes of all models count together, and are told as numbers: no incident is named.

    Parameters
    ----------
    ws : Workspace
        The model.
    """
    privacy = Privacy(ws.spec)
    answer: Json = {"model": ws.spec.name, "mode": "off", "problem": "", "causes": []}
    try:
        policy = policy_of(ws)
        report = _report(ws, policy.learning)
    except SpecError as error:
        return answer | {"problem": privacy.text(str(error))}
    return answer | {
        "mode": report["mode"],
        "problem": privacy.text(report["problem"]),
        "exploration_fraction": rounded(policy.learning.exploration_fraction),
        "confidence": report["confidence"],
        "estimate_confidence": report["estimate_confidence"],
        "outcomes": report["outcomes"],
        "decisions": report["decisions"],
        "left_out": report["left_out"],
        "unvouched": len(report["unvouched"]),
        "causes": [
            {
                "cause": cause["cause"],
                "cause_words": Cause(cause["cause"]).words,
                "would_change": cause["would_change"],
                "actions": [_action(action, privacy) for action in cause["actions"]],
            }
            for cause in report["causes"]
        ],
    }


def _report(ws: Workspace, learning: Learning) -> Json:
    """Return the report, made once for each head of the audit chain: it reads hundreds of incidents."""
    own = ws.settings.policies / f"{PRIORS}.yaml"
    written = own.read_bytes() if own.is_file() else b""
    folder = str(ws.settings.policies)
    key = (ws.ledger.audit_head().hash, folder, learning.model_dump_json(), sha256(written).hexdigest())
    report = _kept.get(key)
    if report is None:
        report = learning_report(ws.ledger, ws.settings.policies, learning, every_cause=True)
        for oldest in list(_kept)[: len(_kept) + 1 - _MOST_KEPT]:
            _kept.pop(oldest, None)
        _kept[key] = report
    return report


def _action(known: Json, privacy: Privacy) -> Json:
    estimate = known["off_policy"]
    return {
        "action": known["action"],
        "action_words": infinitive(known["action"]),
        **{name: rounded(known[name]) for name in _SHARES},
        **{name: known[name] for name in _COUNTS},
        "prior_source": privacy.text(known["prior_source"]),
        "prior_changed_by": known["prior_changed_by"],
        "off_policy": None
        if estimate is None
        else {name: rounded(estimate[name]) for name in _ESTIMATE} | {"favours": estimate["favours"]},
    }
