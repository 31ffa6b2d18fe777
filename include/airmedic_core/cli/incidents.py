"""List incidents, the newest first, or close one that no remediation will close: the model's spec has gone.

One that is closed by hand ends as escalated, with who closed it and why on record. What was approved for it and has not
begun is not begun any more. Exit code 0: none is open, or it is closed. 1: at least one is open. 2: the ledger could
not be read, or the incident not be closed.
"""

from __future__ import annotations

import argparse

from airmedic_core.terminal.arguments import add_by, add_json, ledger, words

SUMMARY = "list incidents, or close one by hand"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--model", metavar="NAME", help="only those of one model")
    parser.add_argument("--open", action="store_true", help="only those that are not closed")
    parser.add_argument("--limit", type=int, default=30, help="how many at the most (default: %(default)s)")
    parser.add_argument("--close", metavar="ID", help="close this one; needs --reason")
    parser.add_argument("--reason", type=words, help="why it is closed, for the record")
    add_by(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the incidents, or close one."""
    if args.close:
        return _close(args)
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


def _close(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from airmedic_core.errors import LedgerError
    from airmedic_core.records import to_json
    from airmedic_core.terminal.output import judged, write_json

    if not args.reason:
        raise LedgerError("--close needs a reason, for the record.", "Give it with --reason.")
    incident = ledger().close_by_hand(args.close, by=args.by, reason=args.reason, now=datetime.now(UTC))
    if args.json:
        write_json(args.json, to_json(incident))
    else:
        judged("ok", f"{incident.id} is closed as {incident.state}")
    return 0
