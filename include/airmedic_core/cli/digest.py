"""Tell how all models stand, in the ways that have `digest: true` in their specs, or show what would be told.

Each way gets one message about all models that name it with the same options. Outside of Airflow only connections in
the environment are known: a DAG with the task `DigestOperator` sends through all of Airflow's. Exit code 0: shown, or
told in every way. 1: one of them has failed or had nothing to send to.
"""

from __future__ import annotations

import argparse

from airmedic_core.terminal.progress import step

SUMMARY = "tell how all models stand"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--preview", action="store_true", help="send nothing, and show it")
    parser.add_argument(
        "--hours", type=float, default=24.0, help="tell of incidents that ended so many hours before (%(default)g)"
    )


def run(args: argparse.Namespace) -> int:
    """Show or send the digests."""
    from datetime import UTC, datetime

    from airmedic_core.digest import digests, send_digest
    from airmedic_core.notifiers import NOTIFIERS, options_for
    from airmedic_core.read_model import SpecShelf
    from airmedic_core.settings import Settings
    from airmedic_core.terminal.arguments import ledger
    from airmedic_core.terminal.output import judged, say

    step("reads how all models stand")
    specs = SpecShelf(Settings.from_env().models).all()
    wanted = digests(ledger(), specs, now=datetime.now(UTC), hours=args.hours)
    if not wanted:
        say("No spec has `digest: true` under one of its notifiers, so nobody is told.")
    failed = 0
    for digest in wanted:
        step(f"tells {digest.notifier}")
        if args.preview:
            say(f"── {digest.notifier}", "bold")
            say(NOTIFIERS.member(digest.notifier).preview(digest.notice, options_for(digest.notifier, digest.options)))
        elif send_digest(digest):
            judged("ok", f"{digest.notifier} took it")
        else:
            failed += 1
            judged("failed", f"{digest.notifier} did not take it")
    return 1 if failed else 0
