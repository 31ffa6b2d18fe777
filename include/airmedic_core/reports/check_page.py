"""The page of ``airmedic check --html``: two sets of rows, with the pictures that a batch's report shows too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.assess import summarise
from airmedic_core.json_calls import without_secrets
from airmedic_core.profile.bars import compare_values
from airmedic_core.records import Assessment, Finding, RecommendedAction, Verdict
from airmedic_core.reports.findings import ranked
from airmedic_core.reports.html_page import figure, html_page, plots
from airmedic_core.reports.measured import largest_moves, metric_words
from airmedic_core.reports.pictures import distribution_picture, moves_picture
from airmedic_core.reports.text import moment, number, page
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

_MOST_PLOTS = 12
_MOST_MOVES = 12
_MOST_ROWS = 300
"""Findings in one table: more of them nobody reads, and they would make a page of megabytes."""
_MOST_LINES = 30
"""Columns that are not monitored, told one by one."""
_MESSAGE = 300
"""Characters of what a finding says: the longest sentences of the checks themselves fit."""
_NAME = 60
"""Characters of a column's name: those of generated tables hold thousands."""


@dataclass(frozen=True)
class Side:
    """One of the two sets of rows that were compared."""

    file: str
    """Path or URL, as it was given."""
    rows: pd.DataFrame
    first: datetime
    """The earliest moment of a row; the latest is ``last``."""
    last: datetime


def check_page(
    spec: ModelSpec,
    assessment: Assessment,
    findings: Sequence[Finding],
    recommended: Sequence[RecommendedAction],
    reference: Side,
    current: Side,
    *,
    likely: tuple[float, str],
    not_monitored: Mapping[str, str] | None = None,
) -> str:
    """Return the page of one check.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    assessment : Assessment
        What the findings mean together.
    findings : sequence of Finding
        What was found.
    recommended : sequence of RecommendedAction
        What to do about it.
    reference, current : Side
        The rows, for the plots of the columns that stand out. The page shows counts, never rows.
    likely : tuple of float and str
        How likely the answer is right, and the sentence on another cause that is about as likely, if there is one.
    not_monitored : mapping of str to str, optional
        Columns of which nothing is said, each with the reason.
    """
    order = ranked(findings)
    noted = [finding for finding in order if finding.verdict is not Verdict.OK]
    calm = [finding for finding in order if finding.verdict is Verdict.OK]
    title = page(spec.title or spec.name)
    # What is watched is not named yet.
    sure = "" if assessment.outcome == "watch" else f", confidence {page(number(likely[0], 'fraction'))}"
    parts = [
        f"<h1>{title}: <span class='{assessment.outcome}'>{assessment.outcome}</span></h1>",
        f"<p>{page(assessment.headline, 500)}</p>",
        f"<p>Cause <b>{page(assessment.cause.words)}</b>, severity {page(assessment.severity)}{sure}.</p>",
        f"<p>{page(likely[1], 500)}</p>" if likely[1] else "",
        _metric(spec, findings),
        _sides(reference, current),
        *(f"<p>Not knowable yet: {page(text, 500)}</p>" for text in assessment.not_knowable),
        _actions(recommended),
        _plots(spec, noted, reference.rows, current.rows),
        figure(moves_picture(largest_moves(findings, _MOST_MOVES))),
        _table("Notable findings", noted),
        *_lines(
            [f"Not monitored: {page(name, _NAME)} ({page(why, 200)})" for name, why in (not_monitored or {}).items()]
        ),
        _folded(
            _table("Findings in order", sorted(calm, key=lambda finding: (finding.check, finding.subject))), len(calm)
        ),
    ]
    return html_page(spec.title or spec.name, parts)


def _lines(lines: Sequence[str]) -> list[str]:
    """Return lines as paragraphs, and how many are left out."""
    shown = [f"<p>{line}</p>" for line in lines[:_MOST_LINES]]
    return [*shown, _left_out(len(lines) - len(shown))]


def _left_out(count: int) -> str:
    return f"<p class='soft'>and {count:,} more: see --json</p>" if count > 0 else ""


def _metric(spec: ModelSpec, findings: Sequence[Finding]) -> str:
    told = metric_words(summarise(findings, spec.metric), findings)
    return f"<p>Performance: {page(told)}.</p>" if told else ""


def _sides(reference: Side, current: Side) -> str:
    rows = "\n".join(
        f"<tr><td>{name}</td><td class='file'>{page(_place(side.file))}</td>"
        f"<td class='number'>{len(side.rows):,}</td>"
        f"<td class='time'>{moment(side.first)} … {moment(side.last)}</td></tr>"
        for name, side in (("In question", current), ("Reference", reference))
    )
    header = "<tr><th></th><th>File</th><th>Rows</th><th>Time of the rows</th></tr>"
    return f"<div class='wide'><table>{header}\n{rows}\n</table></div>"


def _place(file: str) -> str:
    """Return where rows were read, without what an address may sign or log in with: pages are passed on."""
    return without_secrets(file) if "://" in file else file


def _actions(recommended: Sequence[RecommendedAction]) -> str:
    if not recommended:
        return ""
    lines = "\n".join(
        f"<li value='{action.priority}'><b>{page(action.action)}</b>"
        f"{f' ({page(action.condition)})' if action.condition else ''}: {page(action.why, 500)}</li>"
        for action in recommended
    )
    return f"<h2>What to do</h2>\n<ol>\n{lines}\n</ol>"


def _plots(spec: ModelSpec, noted: Sequence[Finding], reference: pd.DataFrame, current: pd.DataFrame) -> str:
    times = {spec.data.time_column, spec.label_time_column}
    drawable = [name for name in reference.columns if name in current.columns and name not in times]
    columns = dict.fromkeys(finding.subject for finding in noted if finding.subject in drawable)
    drawn = (
        distribution_picture(name, *compare_values(reference[name], current[name]))
        for name in list(columns)[:_MOST_PLOTS]
    )
    return plots("Columns that stand out", drawn)


def _table(title: str, findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    names = ("Verdict", "Check", "Subject", "Statistic", "Value", "Usual", "Limit", "Rows", "What it says")
    header = "".join(f"<th>{name}</th>" for name in names)
    rows = "\n".join(map(_row, findings[:_MOST_ROWS]))
    left_out = _left_out(len(findings) - _MOST_ROWS)
    return f"<h2>{title}</h2>\n<div class='wide'><table><tr>{header}</tr>\n{rows}\n</table></div>{left_out}"


def _folded(table: str, count: int) -> str:
    return f"<details><summary>{count:,} findings that are in order</summary>{table}</details>" if table else ""


def _row(finding: Finding) -> str:
    numbers = (
        number(finding.value, finding.unit),
        number(finding.baseline, finding.unit),
        number(finding.limit, finding.unit),
        number(finding.sample_size),
    )
    cells = [
        f"<td class='{finding.verdict}'>{finding.verdict}</td>",
        f"<td>{page(finding.check)}</td>",
        f"<td class='subject'>{page(finding.subject, _NAME)}</td>",
        f"<td>{page(finding.statistic)}</td>",
    ]
    cells += [f"<td class='number'>{page(shown, 60)}</td>" for shown in numbers]
    return f"<tr>{''.join(cells)}<td class='says'>{page(finding.message, _MESSAGE)}</td></tr>"
