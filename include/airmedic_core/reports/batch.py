"""The batch report: one MLflow run for each monitored batch, and one that keeps the model's history as time series."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError
from airmedic_core.records import ABNORMAL, Assessment, Batch, Finding, Verdict, to_json
from airmedic_core.reports.findings import findings_table, markdown_findings
from airmedic_core.reports.private import Privacy
from airmedic_core.reports.runs import (
    AIRFLOW_TAG,
    Point,
    Report,
    RunContent,
    airflow_link,
    finite,
    metric_key,
    write_run,
)
from airmedic_core.reports.text import code, first_day, moment, prose, table

if TYPE_CHECKING:
    from airmedic_core.ledger import ObservedBatch
    from airmedic_core.workspace import Workspace

BATCH_TAG = "airmedic.batch_id"
HISTORY_TAG = "airmedic.history"
_SHOWN_WINDOWS = 30
_NOTE_FINDINGS = 15


@dataclass(frozen=True)
class _Observation:
    batch: Batch
    version: str
    assessment: Assessment | None
    findings: tuple[Finding, ...]
    hidden: int
    """Findings on private columns, which stay in the ledger."""


def batch_report(ws: Workspace, batch: Batch, *, airflow_url: str = "") -> Report:
    """Write what was found in a batch into its MLflow run, and its metrics into the model's history.

    Doing it again leaves a current report alone and repairs one that was cut off.

    Parameters
    ----------
    ws : Workspace
        The model's workspace.
    batch : Batch
        A batch whose findings are in the ledger.
    airflow_url : str
        Address of the monitoring run, kept as a tag, so that the MLflow run links back.

    Returns
    -------
    Report
        The batch's run and its address.

    Raises
    ------
    RegistryUnavailableError
        If MLflow does not answer. Nothing half-written is left, a retry helps.
    """
    identity = (BATCH_TAG, batch.id)
    airflow_url = airflow_link(ws, identity, airflow_url)
    past = ws.ledger.batches(ws.spec.name, limit=_SHOWN_WINDOWS)
    seen = _observation(ws, batch, past)
    points = _points(ws, seen)
    markdown = _markdown(ws, seen)
    note = _markdown(ws, seen, most=_NOTE_FINDINGS)
    outcome = seen.assessment.outcome if seen.assessment else "not assessed"
    cause = str(seen.assessment.cause) if seen.assessment else ""
    content = RunContent(
        identity=identity,
        name=f"batch {first_day(batch.window)}: {outcome}",
        note=f"{note}\n[Run in Airflow]({airflow_url})" if airflow_url else note,
        basis=[markdown, [to_json(finding) for finding in seen.findings], ws.spec.evidently],
        tags={
            "airmedic.kind": "batch",
            "airmedic.model": batch.model,
            "airmedic.version": seen.version,
            "airmedic.outcome": outcome,
            "airmedic.cause": cause,
            "airmedic.window": batch.window.key,
            "airmedic.as_of": batch.as_of.isoformat(),
            AIRFLOW_TAG: airflow_url,
        },
        points=points,
        tables=("findings.json",),
    )
    report = write_run(ws, content, lambda folder: _write(ws, seen, markdown, folder))
    _extend_history(ws, past, points)
    return report


def _observation(ws: Workspace, batch: Batch, past: Sequence[ObservedBatch]) -> _Observation:
    findings = ws.ledger.findings(batch.id)
    shown = Privacy(ws.spec).findings(findings)
    version = next((seen.model_version for seen in past if seen.batch.id == batch.id), None)
    return _Observation(batch, version or "", ws.ledger.assessment(batch.id), shown, len(findings) - len(shown))


def _points(ws: Workspace, seen: _Observation) -> tuple[Point, ...]:
    step = ws.spec.window.step.ordinal(seen.batch.window.start)
    at = int(seen.batch.as_of.timestamp() * 1000)
    counts = {verdict: sum(finding.verdict is verdict for finding in seen.findings) for verdict in Verdict}
    points = [Point("rows", seen.batch.rows, step, at)]
    points += [Point(metric_key("findings", verdict), count, step, at) for verdict, count in counts.items()]
    # The batch as a whole comes first: a very wide model has more columns than MLflow takes at once.
    for finding in sorted(seen.findings, key=lambda finding: (finding.subject != "batch", -abs(finding.effect or 0))):
        if finding.value is not None:
            subject = () if finding.subject == "batch" else (finding.subject,)
            points.append(Point(metric_key(finding.check, finding.statistic, *subject), finding.value, step, at))
    return finite(points)


def _markdown(ws: Workspace, seen: _Observation, most: int | None = None) -> str:
    batch, assessment = seen.batch, seen.assessment
    headline = assessment.headline if assessment else "This batch has not been assessed."
    facts = [
        ("Model", code(batch.model)),
        ("Window", prose(batch.window)),
        ("Observed", moment(batch.as_of)),
        ("Rows", f"{batch.rows:,}"),
        ("Model version", prose(seen.version) or "–"),
    ]
    if assessment:
        facts += [
            ("Outcome", f"**{assessment.outcome}**"),
            ("Cause", f"**{assessment.cause.words}**, {assessment.severity}"),
        ]
    parts = [f"# {prose(headline, 160)}", table(("", ""), facts)]
    if overridden := ws.ledger.overrides(ws.spec.name, "setting"):
        told = [f"* {code(setting.key)} is {prose(setting.plain_value, 160)}, set by {prose(setting.author, 60)}, "
                f"{setting.until}." for setting in overridden]  # fmt: skip
        parts.append("## What differs from the spec's file\n\n" + "\n".join(told))
    noted = [finding for finding in seen.findings if finding.verdict in ABNORMAL]
    if noted:
        parts.append(f"## What stands out\n\n{markdown_findings(noted, most)}")
    unknown = [finding for finding in seen.findings if finding.verdict is Verdict.UNKNOWN]
    if unknown:
        parts.append(f"## What could not be checked\n\n{markdown_findings(unknown, most)}")
    if assessment and assessment.not_knowable:
        parts.append(
            "## What cannot be known yet\n\n" + "\n".join(f"* {prose(text)}" for text in assessment.not_knowable)
        )
    calm = len(seen.findings) - len(noted) - len(unknown)
    hidden = f" {seen.hidden} on private columns stay in the ledger." if seen.hidden else ""
    parts.append(f"{calm} of {len(seen.findings)} findings are in order.{hidden}")
    return Privacy(ws.spec).text("\n\n".join(parts)) + "\n"


def _write(ws: Workspace, seen: _Observation, markdown: str, folder: Path) -> None:
    (folder / "findings.json").write_text(json.dumps(findings_table(seen.findings)), encoding="utf-8")
    missing = _draw_evidently(ws, seen, folder / "evidently.html")
    (folder / "batch.md").write_text(f"{markdown}{missing}", encoding="utf-8")
    if seen.assessment is not None:
        plain = json.dumps(to_json(seen.assessment), indent=1, ensure_ascii=False)
        (folder / "assessment.json").write_text(Privacy(ws.spec).text(plain), encoding="utf-8")

    from airmedic_core.ledger.checkpoints import REGULARLY, keep_checkpoint

    # Each batch carries the signed head of the audit chain away from the database, as incidents do.
    if checkpoint := keep_checkpoint(ws.ledger, ws.settings, least_pause=REGULARLY):
        (folder / "checkpoint.json").write_text(json.dumps(checkpoint, indent=1), encoding="utf-8")


def _draw_evidently(ws: Workspace, seen: _Observation, path: Path) -> str:
    wanted = ws.spec.evidently == "always" or any(finding.verdict in ABNORMAL for finding in seen.findings)
    if not wanted or ws.spec.evidently == "never":
        return ""
    from airmedic_core.reports.evidently_page import write_evidently_page

    try:
        write_evidently_page(ws, seen.batch, path)
    except AirmedicError as error:
        # The findings are on record; a picture of them that cannot be drawn must not hold them back.
        return f"\nThe Evidently report could not be drawn: {prose(error)}\n"
    return ""


def _extend_history(ws: Workspace, past: Sequence[ObservedBatch], points: tuple[Point, ...]) -> None:
    rows = [
        (
            prose(seen.batch.window),
            f"{seen.batch.rows:,}",
            prose(seen.model_version or "–", 20),
            seen.assessment.outcome if seen.assessment else "–",
            str(seen.assessment.cause) if seen.assessment else "–",
        )
        for seen in past
    ]
    name = prose(ws.spec.title or ws.spec.name, 80)
    note = f"# {name}\n\nThe charts of this run show every watched window. The newest windows:\n\n"
    content = RunContent(
        identity=(HISTORY_TAG, ws.spec.name),
        name="history",
        note=note + table(("Window", "Rows", "Version", "Outcome", "Cause"), rows),
        tags={"airmedic.kind": "history", "airmedic.model": ws.spec.name},
        points=points,
    )
    write_run(ws, content, lambda _: None)
