"""Take the kill switch back that `airmedic stop` threw. Exit code 0: taken back. 2: it was not thrown, or an error."""

from __future__ import annotations

import argparse

from airmedic_core.cli._arguments import add_by

SUMMARY = "take the kill switch back"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--model", metavar="NAME", help="only for one model (default: for all)")
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Revoke the override."""
    from airmedic_core.cli._terminal import judged
    from airmedic_core.ledger import EVERY_MODEL, Ledger
    from airmedic_core.settings import Settings

    ledger = Ledger.open(Settings.from_env().ledger_url)
    ledger.revoke_override(args.model or EVERY_MODEL, "kill_switch", "all", author=args.by)
    judged("ok", f"resumed for {args.model or 'all models'}")
    return 0
