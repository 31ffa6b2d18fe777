"""The batch report: one MLflow run for each monitored batch, and one that keeps the model's history as time series."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError
from airmedic_core.records import ABNORMAL, Batch, to_json
from airmedic_core.reports.batch.decided import decided_by, what_to_do
from airmedic_core.reports.batch.history import extend_history
from airmedic_core.reports.batch.measures import batch_points
from airmedic_core.reports.batch.pages import batch_page, batch_pictures
from airmedic_core.reports.batch.story import BatchStory, read_story
from airmedic_core.reports.batch.words import batch_markdown, batch_name, batch_note
from airmedic_core.reports.findings import findings_table, moves_table
from airmedic_core.reports.private import Privacy
from airmedic_core.reports.runs import AIRFLOW_TAG, Report, RunContent, airflow_link, rename_run, write_run
from airmedic_core.reports.text import prose

if TYPE_CHECKING:
    from airmedic_core.profile import Profile
    from airmedic_core.workspace import Workspace

BATCH_TAG = "airmedic.batch_id"
_NOTE_FINDINGS = 15
_MOST_FINDINGS = 250
"""Findings of each table in the report's text: with the names of a very wide model it stays below 500 kB."""

Profiles = Callable[[], "tuple[Profile, Profile] | None"]
"""Reads the profiles of the reference and of the batch."""


def batch_report(ws: Workspace, batch: Batch, *, airflow_url: str = "", profiles: Profiles = lambda: None) -> Report:
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
    profiles : callable
        Reads the profiles of the reference and of the batch, for the pictures of columns. Called only where the report
        is written.

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
    story = read_story(ws, batch)
    points = batch_points(story)
    markdown = batch_markdown(story, _MOST_FINDINGS, airflow_url)
    content = RunContent(
        identity=identity,
        name=batch_name(story),
        note=batch_note(story, _NOTE_FINDINGS, airflow_url),
        basis=[markdown, [to_json(finding) for finding in story.findings], ws.spec.evidently],
        tags=_tags(story) | {AIRFLOW_TAG: airflow_url},
        points=points,
        tables=("findings.json", "moves.json"),
    )
    report = write_run(ws, content, lambda folder: _write(ws, story, markdown, profiles, folder))
    extend_history(ws, story, points)
    return report


def name_again(ws: Workspace, batches: Sequence[Batch]) -> None:
    """Give the runs of batches the names that say how far their incident has come since they were written.

    Parameters
    ----------
    ws : Workspace
        The model's workspace.
    batches : sequence of Batch
        Batches of one incident. Those that no run tells of are passed over.

    Raises
    ------
    RegistryUnavailableError
        If MLflow does not answer. A retry helps.
    """
    for batch in batches:
        rename_run(ws, (BATCH_TAG, batch.id), batch_name(read_story(ws, batch)))


def _tags(story: BatchStory) -> dict[str, str]:
    assessment = story.assessment
    return {
        "airmedic.kind": "batch",
        "airmedic.model": story.batch.model,
        "airmedic.version": story.version,
        "airmedic.outcome": story.outcome,
        "airmedic.cause": str(assessment.cause) if assessment else "",
        "airmedic.severity": str(assessment.severity) if assessment and story.severity else "",
        "airmedic.metric": story.summary.metric_name or "",
        "airmedic.who_decided": decided_by(story, short=True),
        "airmedic.next_step": what_to_do(story, short=True),
        "airmedic.window": story.batch.window.key,
        "airmedic.as_of": story.batch.as_of.isoformat(),
    }


def _write(ws: Workspace, story: BatchStory, markdown: str, profiles: Profiles, folder: Path) -> None:
    _dump(folder / "findings.json", findings_table(story.findings))
    _dump(folder / "moves.json", moves_table(story.moves))
    missing = _draw_evidently(ws, story, folder / "evidently.html")
    pictures = batch_pictures(story)
    for name, picture in pictures.items():
        (folder / name).write_text(picture.file(), encoding="utf-8")
    page = batch_page(story, f"{markdown}{missing}", pictures, profiles())
    (folder / "report.html").write_text(page, encoding="utf-8")
    shown = "".join(f"\n![{name.partition('.')[0]}]({name})\n" for name in pictures)
    (folder / "report.md").write_text(f"{markdown}{missing}{shown}", encoding="utf-8")
    if story.assessment is not None:
        plain = json.dumps(to_json(story.assessment), indent=1, ensure_ascii=False)
        (folder / "assessment.json").write_text(Privacy(ws.spec).text(plain), encoding="utf-8")

    from airmedic_core.ledger.checkpoints import REGULARLY, keep_checkpoint

    # Each batch carries the signed head of the audit chain away from the database, as incidents do.
    if checkpoint := keep_checkpoint(ws.ledger, ws.settings, least_pause=REGULARLY):
        _dump(folder / "checkpoint.json", checkpoint)


def _dump(path: Path, plain: object) -> None:
    path.write_text(json.dumps(plain, indent=1), encoding="utf-8")


def _draw_evidently(ws: Workspace, story: BatchStory, path: Path) -> str:
    wanted = ws.spec.evidently == "always" or any(finding.verdict in ABNORMAL for finding in story.findings)
    if not wanted or ws.spec.evidently == "never":
        return ""
    from airmedic_core.reports.evidently_page import write_evidently_page

    try:
        write_evidently_page(ws, story.batch, path)
    except AirmedicError as error:
        # The findings are on record; a picture of them that cannot be drawn must not hold them back.
        return f"\nThe Evidently report could not be drawn: {prose(error)}\n"
    return ""
