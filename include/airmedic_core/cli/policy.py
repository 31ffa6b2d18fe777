"""Say what would happen now if an action was called for, and which rules say so.

Exit code 0: it would be carried out, asked for or recommended. 1: a switch or limit stops it, or the policy denies it.
2: it could not be told.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from airmedic_core.terminal.arguments import add_json, add_model, workspace_of

if TYPE_CHECKING:
    from airmedic_core.records import Json

SUMMARY = "explain what the policy lets happen"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="policy_action", required=True, metavar="explain")
    explain = actions.add_parser("explain", help="what would happen now to an action of a model, and why")
    add_model(explain)
    explain.add_argument("--action", required=True, metavar="NAME", help="the action, such as retrain")
    add_json(explain)


def run(args: argparse.Namespace) -> int:
    """Explain."""
    from datetime import UTC, datetime

    from airmedic_core.decide.explain import explain_action
    from airmedic_core.terminal.output import write_json

    told = explain_action(workspace_of(args.model), args.action, now=datetime.now(UTC))
    if args.json:
        write_json(args.json, told)
    else:
        _tell(told)
    denied = all(row["permission"] == "deny" for row in told["permissions"])
    return 1 if told["stopped_by"] or denied else 0


def _tell(told: Json) -> None:
    from airmedic_core.terminal.output import judged

    name = f"{told['action']} of {told['model']}"
    judged("ok", f"{name}: policy {told['policy']} ({told['policy_sha256'][:12]}), environment {told['environment']}")
    for limit, reason in told["stopped_by"].items():
        judged("failed", f"stopped now by {limit}: {reason}")
    for row in told["permissions"]:
        level = "failed" if row["permission"] == "deny" else "ok"
        people = f", {row['approvals']} people" if row["approvals"] > 1 else ""
        judged(level, f"{row['trigger']}, cause {row['cause']}: {row['permission']}{people} ({row['because']})")
    for whose, minutes in told["training_minutes"].items():
        judged("ok", f"training in 24 hours, {whose}: {minutes['spent']:.4g} of {minutes['allowed']:g} minutes")
    judged("ok", f"approvers: {', '.join(told['approvers']) or 'anybody'}")
    if told["one_of"]:
        judged("ok", f"somebody of each has to approve: {', '.join(told['one_of'])}")
    if told["separation_of_duties"]:
        judged("ok", "whoever asked for it may not be the only one who approves it (separation_of_duties)")
