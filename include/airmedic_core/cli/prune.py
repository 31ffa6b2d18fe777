"""Forget the findings and the profiles of old windows, which are nearly all of what the ledger and the disk hold.

What windows meant, incidents with all that was found in their batches, decisions, and the audit chain stay, and so does
whatever a window is compared with: the newest windows of each model, however old they are. Copies of made rows go by
age once their incident is closed. The chain holds what was deleted, so that 'airmedic audit verify' passes. With
--versions, what Airmedic has trained and what never served is deleted in MLflow, and with --log the old days of what a
server logged. Exit code 0: it is done. 2: it could not be.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.terminal.arguments import add_by, ledger
from airmedic_core.terminal.progress import step

if TYPE_CHECKING:
    from datetime import datetime

    from airmedic_core.ledger import Ledger
    from airmedic_core.settings import Settings

SUMMARY = "forget findings and profiles of old windows"
_KEPT_DAYS = 90
"""A quarter can be looked back at. 1,000 models that run each hour have 60 GB of findings in that time."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--model", metavar="NAME", help="only of one model (default: of all)")
    parser.add_argument(
        "--keep-days", type=int, default=_KEPT_DAYS, help="keep windows that ended so many days ago (%(default)s)"
    )
    parser.add_argument(
        "--keep-windows", type=int, default=0, help="keep so many of the newest windows, at least 60 (60)"
    )
    parser.add_argument(
        "--versions", action="store_true", help="also delete versions in MLflow that were trained and never served"
    )
    parser.add_argument(
        "--log", type=Path, action="append", default=[], metavar="FOLDER", help="also delete old days of a server's log"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be forgotten, and forget nothing")
    add_by(parser)


def run(args: argparse.Namespace) -> int:
    """Forget, model by model."""
    from datetime import UTC, datetime, timedelta

    from airmedic_core.acquired_rows import forget_old
    from airmedic_core.errors import SpecError
    from airmedic_core.monitor.past import forget_windows
    from airmedic_core.repair import forget_copies
    from airmedic_core.serving.retention import forget_days, old_days
    from airmedic_core.settings import Settings
    from airmedic_core.terminal.output import judged, say

    if args.keep_days < 0 or args.keep_windows < 0:
        raise SpecError("--keep-days or --keep-windows is less than 0.", "Give 0 or more.")
    settings, records = Settings.from_env(), ledger()
    before = datetime.now(UTC) - timedelta(days=args.keep_days)
    # A folder that cannot be a server's log is refused before anything is deleted.
    days = [day for folder in args.log for day in old_days(folder, before=before)]
    total = files = 0
    models = _models(records, args.model)
    for number, model in enumerate(models, start=1):
        step(f"looks at {model}", number, len(models))
        if copies := forget_old(records, settings.home, model, before=before, dry_run=args.dry_run):
            judged("ok", f"{model}: {copies} copies of made rows")
            files += copies
        oldest_kept = records.oldest_kept(model, before=before, keep_windows=args.keep_windows)
        if oldest_kept is None:
            continue
        batch_ids = records.forgettable(model, before=oldest_kept)
        if not args.dry_run:
            records.forget_findings(model, batch_ids, author=args.by)
        removed = forget_windows(settings, model, before=oldest_kept, dry_run=args.dry_run)
        removed += forget_copies(records, settings.home, model, before=oldest_kept, dry_run=args.dry_run)
        if batch_ids or removed:
            judged("ok", f"{model}: findings of {len(batch_ids)} windows, {removed} files")
        total, files = total + len(batch_ids), files + removed
    done = "would be forgotten" if args.dry_run else "are forgotten"
    say(f"Findings of {total:,} windows and {files:,} files of windows {done}.")
    if args.versions:
        say(f"{_versions(args, settings, records, before):,} versions that never served {done}.")
    if args.log:
        if not args.dry_run:
            forget_days(days)
        say(f"{len(days):,} days of logged answers {done}.")
    return 0


def _versions(args: argparse.Namespace, settings: Settings, records: Ledger, before: datetime) -> int:
    """Delete, model by model, what was trained and never served, and return how many versions that are."""
    from airmedic_core.registry import Registry
    from airmedic_core.terminal.output import judged

    registry, total = Registry(settings.tracking_uri, records), 0
    models = _models(records, args.model)
    for number, model in enumerate(models, start=1):
        step(f"asks MLflow for versions of {model}", number, len(models))
        versions = registry.unserved(model, before=before)
        if versions and not args.dry_run:
            # One that has come into use since it was listed is kept.
            versions = registry.forget(model, versions, author=args.by)
        if versions:
            judged("ok", f"{model}: versions {', '.join(version.version for version in versions)}")
        total += len(versions)
    return total


def _models(records: Ledger, model: str | None) -> list[str]:
    from airmedic_core.errors import SpecError, closest

    known = records.observed_models()
    if model is None:
        return sorted(known)
    if model not in known:
        raise SpecError(f"The ledger knows no batch of {model!r}.", closest(model, known))
    return [model]
