"""List what people changed beside the files, or take it back.

Settings, expectations and thresholds that a review proposed and somebody accepted, quarantined windows, freezes and
the kill switch. Exit code 0: listed, or taken back. 2: could not be.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, get_args

from airmedic_core.cli._arguments import add_by, add_json

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger

SUMMARY = "list what people changed beside the files, or take it back"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--model", required=True, metavar="NAME", help="whose overrides, with those of all models")
    parser.add_argument("--revoke", metavar="KEY", help="take this one back")
    parser.add_argument("--kind", default="setting", help="kind of the one to take back (default: %(default)s)")
    add_by(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """List the overrides, or revoke one."""
    from airmedic_core.ledger import Ledger
    from airmedic_core.settings import Settings

    # Without the model's workspace: an override that makes its spec invalid can be taken back too.
    ledger = Ledger.open(Settings.from_env().ledger_url)
    if args.revoke:
        _revoke(ledger, args)
    else:
        _list(ledger, args)
    return 0


def _revoke(ledger: Ledger, args: argparse.Namespace) -> None:
    from airmedic_core.cli._terminal import judged
    from airmedic_core.errors import LedgerError, closest
    from airmedic_core.ledger.overrides import OverrideKind

    kinds = get_args(OverrideKind)
    if args.kind not in kinds:
        raise LedgerError(f"There are no overrides of the kind {args.kind!r}.", closest(args.kind, kinds))
    ledger.revoke_override(args.model, args.kind, args.revoke, author=args.by)
    judged("ok", f"{args.kind} {args.revoke} of {args.model} is taken back")


def _list(ledger: Ledger, args: argparse.Namespace) -> None:
    from airmedic_core.cli._terminal import say, show, write_json
    from airmedic_core.records import to_json

    found = ledger.overrides(args.model)
    if args.json:
        write_json(args.json, [to_json(override) for override in found])
    elif found:
        header = ("Kind", "Key", "Value", "By", "Since", "How long", "Why")
        rows = [
            (
                override.kind,
                override.key,
                override.plain_value,
                override.author,
                f"{override.created_at:%Y-%m-%d}",
                override.until,
                override.reason,
            )
            for override in found
        ]
        show(f"In force for {args.model}", header, rows)
    else:
        say(f"Nothing is overridden for {args.model}.")
