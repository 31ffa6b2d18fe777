"""Throw the kill switch: nothing is changed in production any more, approved or not, until `airmedic resume`.

Monitoring, diagnoses and escalations go on. Exit code 0: thrown. 2: the ledger could not be written.
"""

from __future__ import annotations

import argparse

from airmedic_core.cli._arguments import add_by

SUMMARY = "throw the kill switch"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--model", metavar="NAME", help="only for one model (default: for all)")
    parser.add_argument("--reason", required=True, help="why, for the record")
    parser.add_argument("--hours", type=float, help="for how long (default: until it is taken back)")
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Record the override."""
    from datetime import UTC, datetime, timedelta

    from airmedic_core.cli._terminal import judged
    from airmedic_core.ledger import EVERY_MODEL, Ledger
    from airmedic_core.settings import Settings

    until = datetime.now(UTC) + timedelta(hours=args.hours) if args.hours else None
    settings = Settings.from_env()
    settings.home.mkdir(parents=True, exist_ok=True)
    Ledger.open(settings.ledger_url).set_override(
        args.model or EVERY_MODEL, "kill_switch", "all", {}, author=args.by, reason=args.reason, expires_at=until
    )
    judged(
        "ok",
        f"stopped for {args.model or 'all models'} {f'until {until:%Y-%m-%d %H:%M} UTC' if until else ''}".rstrip(),
    )
    return 0
