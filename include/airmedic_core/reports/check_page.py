"""The page of ``airmedic check --html``: one file, no scripts, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.records import Assessment, Finding, Verdict
from airmedic_core.reports.drawing import distributions_svg
from airmedic_core.reports.findings import ranked
from airmedic_core.reports.text import number, page
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

_MOST_PLOTS = 12
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
td { overflow-wrap: anywhere; } td.says { min-width: 16rem; overflow-wrap: break-word; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #e3e7ec; }
td.number { text-align: right; white-space: nowrap; }
.healthy, .ok { color: #2c7a3d; } .watch, .unknown { color: #b07d00; } .incident, .alert { color: #b3261e; }
.alert, .incident { font-weight: 600; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1rem; }
.plots svg { width: 100%; height: auto; }
"""


def check_page(
    spec: ModelSpec,
    assessment: Assessment,
    findings: Sequence[Finding],
    reference: pd.DataFrame,
    current: pd.DataFrame,
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
    reference, current : pandas.DataFrame
        The rows, for the plots of the columns that stand out. The page shows counts, never rows.
    """
    order = ranked(findings)
    noted = [finding for finding in order if finding.verdict is not Verdict.OK]
    title = page(spec.title or spec.name)
    parts = [
        f"<h1>{title}: <span class='{assessment.outcome}'>{assessment.outcome}</span></h1>",
        f"<p>{page(assessment.headline, 500)}</p>",
        f"<p>Cause <b>{page(assessment.cause.words)}</b>, severity {page(assessment.severity)}.</p>",
        f"<p>{len(current):,} rows against {len(reference):,} rows of reference.</p>",
        *(f"<p>Not knowable yet: {page(text, 500)}</p>" for text in assessment.not_knowable),
        _plots(spec, noted, reference, current),
        _table("What stands out", noted),
        _table("What is in order", [finding for finding in order if finding.verdict is Verdict.OK]),
    ]
    head = f"<meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style>"
    body = "\n".join(part for part in parts if part)
    return f"<!doctype html>\n<html lang='en'><head>{head}</head>\n<body>\n{body}\n</body></html>\n"


def _plots(spec: ModelSpec, noted: Sequence[Finding], reference: pd.DataFrame, current: pd.DataFrame) -> str:
    times = {spec.data.time_column, spec.label_time_column}
    drawable = [name for name in reference.columns if name in current.columns and name not in times]
    columns = dict.fromkeys(finding.subject for finding in noted if finding.subject in drawable)
    drawn = [distributions_svg(name, reference[name], current[name]) for name in list(columns)[:_MOST_PLOTS]]
    figures = "\n".join(f"<div>{svg}</div>" for svg in drawn if svg)
    return f"<h2>Columns that stand out</h2>\n<div class='plots'>\n{figures}\n</div>" if figures else ""


def _table(title: str, findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    names = ("Verdict", "Check", "Subject", "Statistic", "Value", "Usual", "Limit", "Rows", "What it says")
    header = "".join(f"<th>{name}</th>" for name in names)
    rows = "\n".join(map(_row, findings))
    return f"<h2>{title}</h2>\n<table><tr>{header}</tr>\n{rows}\n</table>"


def _row(finding: Finding) -> str:
    words = (finding.check, finding.subject, finding.statistic)
    numbers = (
        number(finding.value, finding.unit),
        number(finding.baseline, finding.unit),
        number(finding.limit, finding.unit),
        number(finding.sample_size),
    )
    cells = [
        f"<td class='{finding.verdict}'>{finding.verdict}</td>",
        *(f"<td>{page(word, 120)}</td>" for word in words),
    ]
    cells += [f"<td class='number'>{page(shown, 60)}</td>" for shown in numbers]
    return f"<tr>{''.join(cells)}<td class='says'>{page(finding.message, 400)}</td></tr>"
