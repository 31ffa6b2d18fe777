"""Write a report into MLflow again: of a batch, of an incident, or of the newest batch.

Use it after MLflow was down or emptied. A report that is current is left alone. Exit code 0: written. 2: not.
"""

from __future__ import annotations

import argparse

from airmedic_core.terminal.arguments import add_model, workspace_of

SUMMARY = "write a batch's or an incident's report into MLflow"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_model(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--incident", metavar="ID", help="the incident")
    which.add_argument("--batch", metavar="ID", help="the batch (default: the newest)")


def run(args: argparse.Namespace) -> int:
    """Write the report and print where it is."""
    from airmedic_core.errors import LedgerError, closest
    from airmedic_core.monitor import publish_report
    from airmedic_core.reports import incident_report
    from airmedic_core.terminal.output import judged

    ws = workspace_of(args.model)
    if args.incident:
        report = incident_report(ws, args.incident)
    else:
        seen = {observed.batch.id: observed.batch for observed in ws.ledger.batches(ws.spec.name, limit=1000)}
        if not seen:
            raise LedgerError(f"No batch of {ws.spec.name!r} was observed yet.", "Run its monitoring first.")
        wanted = args.batch or next(iter(seen))
        if wanted not in seen:
            raise LedgerError(f"There is no batch {wanted!r}.", closest(wanted, seen))
        report = publish_report(ws, seen[wanted])
    judged("ok", report.url or f"run {report.run_id} in {ws.registry.address}")
    return 0
