"""Show what is expected of actions before any outcome is known, or change it.

Without --mean, the priors are listed with their sources. With it, the prior of one cause and action is changed for all
models, on record with who and why; refused unless an off-policy estimate exists and favours what would be tried first
then. --preview says what the change would do, and changes nothing. --weight, --reason and --preview need --mean;
--json is for the list. Exit code 0: listed, or changed, or it could be.
1: with --preview, it would be refused. 2: refused, or could not be told.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from airmedic_core.terminal.arguments import add_by, add_json, ledger, words
from airmedic_core.terminal.progress import step

if TYPE_CHECKING:
    from airmedic_core.causes import Cause
    from airmedic_core.learning.change import Change

SUMMARY = "show or change what is expected of actions before outcomes are known"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--cause", metavar="CAUSE", help="the cause, such as label_shift (default: all)")
    parser.add_argument("--action", metavar="NAME", help="the action, such as retrain")
    parser.add_argument("--mean", type=float, metavar="SHARE", help="the share of incidents that it should heal")
    parser.add_argument("--weight", type=float, metavar="OUTCOMES", help="how many outcomes that weighs as much as")
    parser.add_argument("--policy", default="default", metavar="NAME", help="whose learning holds (%(default)s)")
    parser.add_argument("--reason", type=words, metavar="TEXT", help="why, for the record")
    parser.add_argument("--preview", action="store_true", help="only say what the change would do")
    add_by(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List the priors, or change one."""
    from airmedic_core.errors import LearningError

    if args.mean is None:
        of_a_change = {"--weight": args.weight is not None, "--reason": args.reason, "--preview": args.preview}
        if given := [name for name, is_given in of_a_change.items() if is_given]:
            problem = f"Without --mean nothing is changed, and {' and '.join(given)} belongs to a change."
            raise LearningError(problem, "Give --mean, or list the priors without it.")
        return _list(args)
    if args.json:
        raise LearningError("--json lists the priors, and --mean changes one.", "Leave one of the two out.")
    from airmedic_core.learning.change import change_prior, look_at_change
    from airmedic_core.policy import load_policy
    from airmedic_core.settings import Settings
    from airmedic_core.terminal.output import judged

    if not args.cause or not args.action or (not args.reason and not args.preview):
        problem = "A prior is changed for one cause and action, with a reason."
        raise LearningError(problem, "Give --cause, --action and --reason.")
    records, folder = ledger(), Settings.from_env().policies
    learning = load_policy(folder, args.policy).learning
    step("reads what was decided and what came of it")
    change = look_at_change(
        records, folder, learning, _cause(args.cause), args.action, mean=args.mean, weight=args.weight
    )
    _tell(change)
    if args.preview:
        judged("refused" if change.objection else "ok", change.objection or "The change would be accepted.")
        return 1 if change.objection else 0
    change_prior(records, change, by=args.by, reason=args.reason)
    judged("ok", f"{args.cause}.{args.action} is {args.mean:g} from now on, on record by {args.by}")
    return 0


def _cause(name: str) -> Cause:
    from airmedic_core.causes import Cause
    from airmedic_core.errors import LearningError, closest

    try:
        return Cause(name)
    except ValueError as error:
        raise LearningError(f"{name[:60]!r} is no cause.", closest(name, [cause.value for cause in Cause])) from error


def _list(args: argparse.Namespace) -> int:
    from airmedic_core.learning import learning_report
    from airmedic_core.policy import load_policy
    from airmedic_core.settings import Settings
    from airmedic_core.terminal.output import judged, say, write_json

    folder = Settings.from_env().policies
    step("reads what was decided and what came of it")
    report = learning_report(ledger(), folder, load_policy(folder, args.policy).learning, every_cause=True)
    wanted = _cause(args.cause).value if args.cause else None
    rows = [
        {"cause": told["cause"], **{key: row[key] for key in _SHOWN}}
        for told in report["causes"]
        for row in told["actions"]
        if wanted in {None, told["cause"]} and args.action in {None, row["action"]}
    ]
    if args.json:
        write_json(args.json, rows)
        return 0
    if report["problem"]:
        judged("warning", report["problem"])
    for row in rows:
        say(f"{row['cause']}.{row['action']}  {row['prior']:g}, weighs {row['prior_weight']:g}", "bold")
        say(f"  {row['prior_source']}")
    return 0


_SHOWN = ("action", "prior", "prior_weight", "prior_source", "prior_changed_by")


def _tell(change: Change) -> None:
    from airmedic_core.terminal.output import say

    now, then = change.standing, change.wanted
    say(f"{change.cause.value}.{change.action}", "bold")
    say(f"Now {now.mean:g}, weighs {now.weight:g}. Then {then.mean:g}, weighs {then.weight:g}.")
    say(f"First choice now: {change.first_now}. Then: {change.first_then}.")
    known = change.estimate
    if known is not None and known.doubly_robust is not None:
        say(
            f"{change.first_then} in place of {change.first_now}, from {known.with_chance} decisions: "
            f"{known.doubly_robust:+.2f} of the incidents [{known.low:+.2f}, {known.high:+.2f}] (doubly robust), "
            f"{known.inverse_propensity:+.2f} (inverse propensity)"
        )
