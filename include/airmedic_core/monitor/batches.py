"""The use cases of a monitoring run: which batch, what is found in it, what that means, and its report."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError, NoChampionError
from airmedic_core.records import Assessment, Batch, Finding
from airmedic_core.spans import span
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.checks import Group
    from airmedic_core.profile import Profile
    from airmedic_core.reports import Report
    from airmedic_core.workspace import Workspace

_SAME_START = 5
"""Windows of different lengths that may begin at one moment."""
_log = logging.getLogger(__name__)


def resolve_batch(
    ws: Workspace, *, window: Window | None = None, moment: datetime, as_of: datetime | None = None
) -> Batch:
    """Find out which batch a run is about, and record that it is looked at.

    A champion that was switched by hand is noticed here.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window, optional
        The window; the last complete one at ``moment`` where not given.
    moment : datetime
        When the run is due.
    as_of : datetime, optional
        Labels that became known later do not exist yet; the later of ``moment`` and the window's end where not given.

    Raises
    ------
    MissingBatchError
        If the rows are not there yet. A retry helps once they are.
    SourceError
        If they cannot be read. A retry does not help.
    """
    window = window or ws.spec.window.step.last_complete(moment)
    try:
        noticed = ws.registry.notice_manual_switch(ws.spec.name, datetime.now(UTC))
        if noticed is not None:
            _log.info("The champion of %s was switched by hand to version %s.", ws.spec.name, noticed.to_version)
        version = ws.registry.champion(ws.spec.name).version
    except NoChampionError:
        # Logged predictions can be watched before any version is adopted; what needs a champion says so itself.
        version = None
    rows = _count(ws, window)
    batch = Batch(ws.spec.name, window, as_of or max(window.end, moment), rows)
    ws.ledger.record_batch(batch, model_version=None if _served_then(ws, batch) else version)
    return batch


def _count(ws: Workspace, window: Window) -> int:
    """Count the rows of a window, as they were repaired if they were. Rows that came anew need no old repair."""
    from airmedic_core.repair import end_repair, repair_on_record, repaired_window
    from airmedic_core.sources import count_rows

    if repair_on_record(ws, window) is not None:
        repaired = repaired_window(ws, window)
        if repaired is not None:
            return len(repaired)
        _log.info("The rows of %s were delivered anew since they were repaired, and are read as they are.", window)
        end_repair(ws.ledger, ws.spec.name, window.key, author="airmedic")
    return count_rows(ws.spec, window)


def is_recorded(ws: Workspace, window: Window, as_of: datetime | None = None) -> bool:
    """Return whether a window was looked at and assessed, with the labels that are wanted.

    A window in quarantine, or one that was repaired, is not: rows that are announced anew may have been mended.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The window.
    as_of : datetime, optional
        Labels that became known later do not count; those of whatever moment do where not given.
    """
    batch = ws.ledger.assessed_batch(Batch(ws.spec.name, window, window.end, 0).id)
    if batch is None or (as_of is not None and batch.as_of < as_of):
        return False
    mended = {"quarantine", "repaired"}
    return all(override.key != window.key for override in ws.ledger.overrides(ws.spec.name) if override.kind in mended)


def check_batch(ws: Workspace, batch: Batch, group: Group) -> list[Finding]:
    """Run one group of checks on a batch and record what they find.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The batch.
    group : Group
        ``data``, ``drift`` or ``performance``.

    Raises
    ------
    SourceError
        If the rows cannot be read.
    NoChampionError
        If no version serves: adopt one first.
    """
    from airmedic_core.checks import run_group
    from airmedic_core.monitor.context import open_context
    from airmedic_core.monitor.label_windows import with_label_window
    from airmedic_core.monitor.past import keep_window
    from airmedic_core.registry import LoggedVersions
    from airmedic_core.repair import expected_after, repair_on_record

    context = open_context(ws, batch)
    findings = with_label_window(context, group, run_group(context, group))
    if repair := repair_on_record(ws, batch.window):
        findings = expected_after(findings, repair.made_null)
    version = context.scored.version if context.scored and context.scored.version else None
    if group == "data":
        path = keep_window(ws.settings, batch, version or "", context.profile, context.facts)
        served = version if ws.spec.prediction.version or not _served_then(ws, batch) else None
        ws.ledger.record_batch(batch, model_version=served, profile_path=str(path))
        if isinstance(ws.registry, LoggedVersions) and not _served_then(ws, batch):
            ws.registry.notice_logged(ws.spec.name, version or "", batch.window.start)
    ws.ledger.record_findings(batch, group, findings, model_version=version)
    return findings


def assess(ws: Workspace, batch: Batch) -> Assessment:
    """Weigh all that was found in a batch, and record what it means."""
    with span("assess", model=ws.spec.name, window=batch.window.key) as recorded:
        assessment = _assess(ws, batch)
        recorded.note(outcome=assessment.outcome, cause=assessment.cause.value, severity=assessment.severity.value)
    return assessment


def _assess(ws: Workspace, batch: Batch) -> Assessment:
    from airmedic_core.assess import summarise
    from airmedic_core.monitor.shared_rows import forget_rows

    findings = ws.ledger.findings(batch.id)
    assessment = judge(ws, batch, findings)
    ws.ledger.record_assessment(batch, assessment, summarise(findings, ws.spec.metric))
    forget_rows(ws, batch)
    return assessment


def judge(ws: Workspace, batch: Batch, findings: Sequence[Finding]) -> Assessment:
    """Return what findings on a batch mean. Nothing is recorded.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The batch.
    findings : sequence of Finding
        Of all groups.
    """
    from airmedic_core.assess import weigh
    from airmedic_core.comparison import NEW_FOR_WINDOWS

    recent = ws.ledger.batches(ws.spec.name, limit=NEW_FOR_WINDOWS + 1)
    mine = next((seen.model_version for seen in recent if seen.batch.id == batch.id), None)
    earlier = {
        seen.model_version for seen in recent if seen.batch.window.start < batch.window.start and seen.model_version
    }
    return weigh(batch, findings, new_version=bool(mine and earlier - {mine}), hidden=ws.spec.is_private)


def _served_then(ws: Workspace, batch: Batch) -> str | None:
    """Return the version on record for an older window: it served then, even if another scores the rows today."""
    newest = ws.ledger.batches(ws.spec.name, limit=1)
    if not newest or newest[0].batch.window.start <= batch.window.start:
        return None
    before = batch.window.start + timedelta(microseconds=1)
    seen = ws.ledger.batches(ws.spec.name, limit=_SAME_START, before=before)
    return next((past.model_version for past in seen if past.batch.id == batch.id), None)


def publish_report(ws: Workspace, batch: Batch, *, airflow_url: str = "") -> Report:
    """Write the batch's report into MLflow; see :func:`airmedic_core.reports.batch_report`.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The batch.
    airflow_url : str
        Address of the Airflow run that writes it.
    """
    from airmedic_core.reports import batch_report

    return batch_report(ws, batch, airflow_url=airflow_url, profiles=lambda: _profiles(ws, batch))


def _profiles(ws: Workspace, batch: Batch) -> tuple[Profile, Profile] | None:
    """Return the profiles of the champion's reference and of a batch; nothing where they are not at hand."""
    from airmedic_core.monitor.past import kept_profile

    try:
        reference = ws.registry.reference(ws.registry.champion(ws.spec.name))
    except AirmedicError:  # the report tells the rest without it
        return None
    profile = kept_profile(ws.settings, batch, reference)
    return None if profile is None else (reference.whole, profile)
