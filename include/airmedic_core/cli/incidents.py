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
    from airmedic_core.terminal.output import say, show_under, write_json

    incidents = ledger().incidents(args.model, open_only=args.open, limit=args.limit)
    if args.json:
        write_json(args.json, [to_json(incident) for incident in incidents])
    elif incidents:
        header = ("Incident", "State", "Severity", "Cause", "Opened", "Headline")
        rows = [
            (
                incident.id,
                incident.state,
                incident.severity,
                incident.cause,
                f"{incident.opened_at:%Y-%m-%d %H:%M}",
                incident.headline,
            )
            for incident in incidents
        ]
        show_under(header, rows)
    else:
        say("No incidents.")
    return 1 if any(incident.closed_at is None for incident in incidents) else 0
