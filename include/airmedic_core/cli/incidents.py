"""List incidents, the newest first. Exit code 0: none is open. 1: at least one is. 2: the ledger could not be read."""

from __future__ import annotations

import argparse

from airmedic_core.terminal.arguments import add_json, ledger

SUMMARY = "list incidents"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--model", metavar="NAME", help="only those of one model")
    parser.add_argument("--open", action="store_true", help="only those that are not closed")
    parser.add_argument("--limit", type=int, default=30, help="how many at the most (default: %(default)s)")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the incidents."""
    from airmedic_core.records import to_json
    from airmedic_core.terminal.output import say, show, write_json

    found = ledger().incidents(args.model, open_only=args.open, limit=args.limit)
    if args.json:
        write_json(args.json, [to_json(incident) for incident in found])
    elif found:
        header = ("Incident", "State", "Severity", "Cause", "Opened", "Headline")
        rows = [
            (one.id, one.state, one.severity, one.cause, f"{one.opened_at:%Y-%m-%d %H:%M}", one.headline)
            for one in found
        ]
        show("", header, rows)
    else:
        say("No incidents.")
    return 1 if any(incident.closed_at is None for incident in found) else 0
