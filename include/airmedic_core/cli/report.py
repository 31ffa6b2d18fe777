"""Write a report into MLflow again: of a batch, of an incident, or of the newest batch. Or show what was learned.

Use it after MLflow was down or emptied. A report that is current is left alone. ``airmedic report learning`` shows, for
each cause and action, the prior, the verified outcomes, the posterior with its interval, how likely the action was
chosen, and what it would be worth as the first choice; it needs no model. Exit code 0: written, or shown. 2: not.
"""

from __future__ import annotations

import argparse

from airmedic_core.terminal.arguments import add_json, add_model, ledger, workspace_of
from airmedic_core.terminal.progress import step

SUMMARY = "write a batch's or an incident's report into MLflow, or show what was learned"

_LEARNING = "learning"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("subject", nargs="?", choices=(_LEARNING,), help="what to show in place of a model's report")
    add_model(parser, required=False)
    parser.add_argument("--policy", default="default", metavar="NAME", help="whose learning is shown (%(default)s)")
    add_json(parser)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--incident", metavar="ID", help="the incident")
    which.add_argument("--batch", metavar="ID", help="the batch (default: the newest)")


def run(args: argparse.Namespace) -> int:
    """Write the report and print where it is."""
    from airmedic_core.errors import LedgerError, SpecError, closest
    from airmedic_core.monitor import publish_report
    from airmedic_core.reports import incident_report
    from airmedic_core.terminal.output import judged

    if args.subject == _LEARNING:
        return _show_learning(args)
    if not args.model:
        raise SpecError("A report is of one model.", "Name it with --model, or ask for `airmedic report learning`.")
    ws = workspace_of(args.model)
    step("writes the report into MLflow")
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


def _show_learning(args: argparse.Namespace) -> int:
    from airmedic_core.learning import learning_report
    from airmedic_core.policy import load_policy
    from airmedic_core.settings import Settings
    from airmedic_core.terminal.learned import tell_learned
    from airmedic_core.terminal.output import write_json

    folder = Settings.from_env().policies
    step("reads what was decided and what came of it")
    report = learning_report(ledger(), folder, load_policy(folder, args.policy).learning)
    if args.json:
        write_json(args.json, report)
    else:
        tell_learned(report)
    return 0
