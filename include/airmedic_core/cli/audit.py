"""Check that no record of the audit chain was changed, removed or reordered.

Exit code 0: the chain holds. 1: it does not. 2: the ledger could not be read.
"""

from __future__ import annotations

import argparse

from airmedic_core.cli._arguments import ledger
from airmedic_core.errors import AuditError

SUMMARY = "verify the audit chain"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="audit_action", required=True, metavar="verify")
    verify = actions.add_parser("verify", help=SUMMARY, description=__doc__)
    verify.formatter_class = argparse.RawDescriptionHelpFormatter
    verify.add_argument(
        "--head", metavar="HASH", help="the head that an incident report names; it must be in the chain"
    )


def run(args: argparse.Namespace) -> int:
    """Verify the chain of the ledger that the environment names."""
    from airmedic_core.cli._terminal import judged

    records = ledger()
    try:
        head = records.verify_audit()
    except AuditError as error:
        judged("failed", str(error))
        return 1
    if args.head and not records.holds_audit_hash(args.head):
        judged("failed", f"No record has the hash {args.head!r}: the ledger was replaced or cut after that report.")
        return 1
    judged("ok", f"{head.sequence:,} records, head {head.hash}")
    return 0
