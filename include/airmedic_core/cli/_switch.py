"""What `stop`, `resume`, `freeze` and `thaw` share: an override for one model or all, thrown and taken back."""

from __future__ import annotations

import argparse
from typing import Literal

from airmedic_core.cli._arguments import add_by

Kind = Literal["kill_switch", "freeze"]
_KEY = "all"


def configure_throw(parser: argparse.ArgumentParser) -> None:
    """Add the arguments with which a switch is thrown."""
    configure_take_back(parser)
    parser.add_argument("--reason", required=True, help="why, for the record")
    parser.add_argument("--hours", type=float, help="for how long (default: until it is taken back)")


def configure_take_back(parser: argparse.ArgumentParser) -> None:
    """Add the arguments with which a switch is taken back."""
    parser.add_argument("--model", metavar="NAME", help="only for one model (default: for all)")
    add_by(parser)


def throw(kind: Kind, args: argparse.Namespace, done: str) -> None:
    """Record the override and say so."""
    from datetime import UTC, datetime, timedelta

    from airmedic_core.cli._terminal import judged
    from airmedic_core.ledger import EVERY_MODEL, Ledger
    from airmedic_core.settings import Settings

    until = datetime.now(UTC) + timedelta(hours=args.hours) if args.hours else None
    settings = Settings.from_env()
    settings.home.mkdir(parents=True, exist_ok=True)
    Ledger.open(settings.ledger_url).set_override(
        args.model or EVERY_MODEL, kind, _KEY, {}, author=args.by, reason=args.reason, expires_at=until
    )
    shown = f" until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    judged("ok", f"{done} for {args.model or 'all models'}{shown}")


def take_back(kind: Kind, args: argparse.Namespace, done: str) -> None:
    """Revoke the override and say so."""
    from airmedic_core.cli._terminal import judged
    from airmedic_core.ledger import EVERY_MODEL, Ledger
    from airmedic_core.settings import Settings

    ledger = Ledger.open(Settings.from_env().ledger_url)
    ledger.revoke_override(args.model or EVERY_MODEL, kind, _KEY, author=args.by)
    judged("ok", f"{done} for {args.model or 'all models'}")
