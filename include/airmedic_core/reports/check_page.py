"""The page of ``airmedic check --html``: one file, no scripts, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airmedic_core.extras import missing_extra
from airmedic_core.records import Assessment, Finding, RecommendedAction, Verdict
from airmedic_core.reports.drawing import distributions_svg
from airmedic_core.reports.findings import ranked
from airmedic_core.reports.text import moment, number, page
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

_MOST_PLOTS = 12
_VIEWPORT = "<meta name='viewport' content='width=device-width, initial-scale=1'>"
"""Lets a phone show the page at its own width; without it the text is too small to read."""
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
body { overflow-wrap: break-word; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; } .wide table { width: 100%; }
td.subject { max-width: 14rem; } td.says { min-width: 16rem; overflow-wrap: anywhere; }
td.file { min-width: 8rem; overflow-wrap: anywhere; } td.time { white-space: nowrap; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #e3e7ec; }
td.number { text-align: right; white-space: nowrap; }
.healthy, .ok { color: #2c7a3d; } .watch, .unknown { color: #b07d00; } .incident, .alert { color: #b3261e; }
.alert, .incident { font-weight: 600; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1rem; }
.plots svg { width: 100%; height: auto; }
"""


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
        _sides(reference, current),
        *(f"<p>Not knowable yet: {page(text, 500)}</p>" for text in assessment.not_knowable),
        _actions(recommended),
        _plots(spec, noted, reference.rows, current.rows),
        _table("What stands out", noted),
        *(f"<p>Not monitored: {page(name)} ({page(why, 200)})</p>" for name, why in (not_monitored or {}).items()),
        _table("What is in order", sorted(calm, key=lambda finding: (finding.check, finding.subject))),
    ]
    head = f"<meta charset='utf-8'>{_VIEWPORT}<title>{title}</title><style>{_STYLE}</style>"
    body = "\n".join(part for part in parts if part)
    return f"<!doctype html>\n<html lang='en'><head>{head}</head>\n<body>\n{body}\n</body></html>\n"


def _sides(reference: Side, current: Side) -> str:
    rows = "\n".join(
        f"<tr><td>{name}</td><td class='file'>{page(_without_secrets(side.file))}</td>"
        f"<td class='number'>{len(side.rows):,}</td>"
        f"<td class='time'>{moment(side.first)} … {moment(side.last)}</td></tr>"
        for name, side in (("In question", current), ("Reference", reference))
    )
    header = "<tr><th></th><th>File</th><th>Rows</th><th>Time of the rows</th></tr>"
    return f"<div class='wide'><table>{header}\n{rows}\n</table></div>"


def _without_secrets(file: str) -> str:
    """Leave out what a URL may sign or log in with: pages are passed on."""
    if "://" not in file:
        return file
    parts = urlsplit(file)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


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
    try:
        drawn = [distributions_svg(name, reference[name], current[name]) for name in list(columns)[:_MOST_PLOTS]]
    except ModuleNotFoundError as error:
        if missing := missing_extra(error):
            return f"<p>The plots of columns are left out: {page(missing)}</p>"
        raise
    figures = "\n".join(f"<div>{svg}</div>" for svg in drawn if svg)
    return f"<h2>Columns that stand out</h2>\n<div class='plots'>\n{figures}\n</div>" if figures else ""


def _table(title: str, findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    names = ("Verdict", "Check", "Subject", "Statistic", "Value", "Usual", "Limit", "Rows", "What it says")
    header = "".join(f"<th>{name}</th>" for name in names)
    rows = "\n".join(map(_row, findings))
    return f"<h2>{title}</h2>\n<div class='wide'><table><tr>{header}</tr>\n{rows}\n</table></div>"


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
        f"<td class='subject'>{page(finding.subject, 120)}</td>",
        f"<td>{page(finding.statistic)}</td>",
    ]
    cells += [f"<td class='number'>{page(shown, 60)}</td>" for shown in numbers]
    return f"<tr>{''.join(cells)}<td class='says'>{page(finding.message, 400)}</td></tr>"
