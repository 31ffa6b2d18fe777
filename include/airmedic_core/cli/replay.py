"""Look at past windows of a model in order, as monitoring would have, so that it has a history from the first day on.

What is found is recorded in the ledger, with the labels that were known at the end of each window; no incident is
opened. With --reports each window gets its report in MLflow. Exit code 0: windows were looked at, whatever was found.
1: nothing is there to look at.
"""

from __future__ import annotations

import argparse

from airmedic_core.terminal.arguments import add_model, workspace_of
from airmedic_core.terminal.progress import step

SUMMARY = "look at past windows in order"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_model(parser)
    parser.add_argument("--from", dest="start", required=True, metavar="WHEN", help="the first moment, as 2026-01-31")
    parser.add_argument("--to", dest="end", required=True, metavar="WHEN", help="the first moment that is left out")
    parser.add_argument("--reports", action="store_true", help="also write the report of each window into MLflow")


def run(args: argparse.Namespace) -> int:
    """Look and print a line for each window."""
    from airmedic_core.monitor import publish_report
    from airmedic_core.monitor.replay import replay
    from airmedic_core.terminal.output import judged, say
    from airmedic_core.windows import Window, as_utc

    span = Window(as_utc(args.start), as_utc(args.end))
    workspace = workspace_of(args.model, create=True)
    seen, windows = 0, len(workspace.spec.window.step.split(span))
    step("looks at a window", 1, windows)
    for number, replayed in enumerate(replay(workspace, span), start=1):
        step("looks at a window", min(number + 1, windows), windows)
        if replayed.batch is None or replayed.assessment is None:
            judged("unknown", f"{replayed.window}: no rows")
            continue
        seen += 1
        judged(replayed.assessment.outcome, f"{replayed.window}: {replayed.assessment.headline}")
        if args.reports:
            publish_report(workspace, replayed.batch)
    say(f"{seen} windows of one {workspace.spec.window.every} looked at. No incident was opened.")
    return 0 if seen else 1
