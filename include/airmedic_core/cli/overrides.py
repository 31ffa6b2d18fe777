"""List what people changed beside the files, or take it back.

Settings, expectations and thresholds that a review proposed and somebody accepted, quarantined windows, freezes and
the kill switch. Exit code 0: listed, or taken back. 2: could not be.
"""

from __future__ import annotations

import argparse
import json
import shlex
from typing import TYPE_CHECKING, get_args

from airmedic_core.terminal.arguments import add_by, add_json, ledger
from airmedic_core.terminal.switch import KEY

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.ledger.overrides import Override

SUMMARY = "list what people changed beside the files, or take it back"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--model", metavar="NAME", help="whose overrides, with those of all models (default: all)")
    parser.add_argument("--revoke", metavar="KEY", help="take this one of the model back")
    parser.add_argument("--kind", default="setting", help="kind of the one to take back (default: %(default)s)")
    add_by(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List the overrides, or revoke one."""
    # Without the model's workspace: an override that makes its spec invalid can be taken back too.
    records = ledger()
    if args.revoke:
        _revoke(records, args)
    else:
        _list(records, args)
    return 0


def taking_back(override: Override) -> str:
    """Return the command that takes an override back."""
    from airmedic_core.ledger import EVERY_MODEL

    command = {"kill_switch": "airmedic resume", "freeze": "airmedic thaw"}.get(override.kind)
    if command and override.key == KEY:
        return command + ("" if override.model == EVERY_MODEL else f" --model {override.model}")
    kind = "" if override.kind == "setting" else f" --kind {override.kind}"
    return f"airmedic overrides --model {shlex.quote(override.model)} --revoke {shlex.quote(override.key)}{kind}"


def value_of(override: Override) -> str:
    """Return what an override makes hold: a text as it is, anything else as JSON."""
    value = override.plain_value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _revoke(ledger: Ledger, args: argparse.Namespace) -> None:
    from airmedic_core.errors import LedgerError, closest
    from airmedic_core.ledger.overrides import OverrideKind
    from airmedic_core.repair import end_repair
    from airmedic_core.terminal.output import judged

    if not args.model:
        raise LedgerError("--revoke needs the model.", "Name it with --model; --model '*' are all models.")
    kinds = get_args(OverrideKind)
    if args.kind not in kinds:
        raise LedgerError(f"There are no overrides of the kind {args.kind!r}.", closest(args.kind, kinds))
    if args.kind == "repaired":
        end_repair(ledger, args.model, args.revoke, author=args.by)
        held = "; its rows as they arrived stay out until the window was looked at and found in order"
    else:
        ledger.revoke_override(args.model, args.kind, args.revoke, author=args.by)
        held = ""
    judged("ok", f"{args.kind} {args.revoke} of {args.model} is taken back{held}")


def _list(ledger: Ledger, args: argparse.Namespace) -> None:
    from airmedic_core.records import to_json
    from airmedic_core.terminal.output import say, show, write_json

    overrides = ledger.overrides(args.model)
    if args.json:
        write_json(args.json, [to_json(override) for override in overrides])
    elif overrides:
        header = ("Model", "Kind", "Key", "Value", "By", "Since", "How long", "Why")
        rows = [
            (
                override.model,
                override.kind,
                override.key,
                value_of(override),
                override.author,
                f"{override.created_at:%Y-%m-%d}",
                override.until,
                override.reason,
            )
            for override in overrides
        ]
        show(f"In force for {args.model or 'all models'}", header, rows)
        for override in overrides:
            say(f"To take {override.kind} {override.key} of {override.model} back: {taking_back(override)}")
    else:
        say(f"Nothing is overridden for {args.model or 'any model'}.")
