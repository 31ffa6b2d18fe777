"""A batch's report in words: its name in a list of runs, and its text, which begins with what matters."""

from __future__ import annotations

from airmedic_core.records import ABNORMAL, Verdict
from airmedic_core.reports.batch.decided import decided_by, how_far, recent_incidents, what_to_do, why_watched
from airmedic_core.reports.batch.story import BatchStory
from airmedic_core.reports.findings import markdown_findings
from airmedic_core.reports.measured import metric_words, move_words, short_metric, short_number, since_words
from airmedic_core.reports.points import Move
from airmedic_core.reports.private import Privacy
from airmedic_core.reports.text import code, day, heading, moment, prose, table

_MARKS = {"healthy": "✔", "watch": "◐", "incident": "✖"}
"""In front of a run's name: MLflow's list shows a green tick beside every run that has ended, whatever it tells."""
_NOT_MEASURED = "not measured: no labels yet"
_LINE = 110
"""Letters that stand on a line of a description where MLflow's own panels leave it half of the screen."""
_SEPARATOR = " · "
_HEALTHY = "Healthy: nobody has to do anything"


def batch_name(story: BatchStory) -> str:
    """Return the name of a batch's run: what it is, the next step, the metric and its change, when, and who decided."""
    what = story.outcome
    if what == "watch" and (why := why_watched(story)):
        what = f"watch: {why}"
    if story.assessment and story.outcome == "incident":
        what = story.assessment.cause.words
    measured = short_metric(story.summary, story.metric)
    if not measured and story.moves:
        measured = f"largest move {short_number(story.moves[0].of_usual)} of usual"
    marked = f"{_MARKS.get(story.outcome, '?')} {what}"
    # Who let the version serve decides nothing about an incident of it.
    serves = "" if story.outcome == "incident" else decided_by(story, short=True)
    step = how_far(story) or what_to_do(story, short=True)
    parts = (marked, step, measured, day(story.batch.window), serves)
    return _SEPARATOR.join(part for part in parts if part)


def batch_note(story: BatchStory, most: int, airflow_url: str = "") -> str:
    """Return the description of a batch's run: its answers in a line each, then the report.

    MLflow folds a description away below its first hundred pixels.

    Parameters
    ----------
    story : BatchStory
        The batch.
    most : int
        Rows of each table of findings at the most.
    airflow_url : str
        Address of the run that wrote it; empty for none.
    """
    serves = decided_by(story, short=True)
    todo = f"{what_to_do(story)} Who decided: {serves}." if serves else what_to_do(story)
    told = [("What", prose(_headline(story), _LINE)), ("What to do", prose(todo))]
    told.append(("Performance", prose(metric_words(story.summary, story.findings)) or _NOT_MEASURED))
    told += [("Largest move", f"{code(move.column, 60)} {prose(move_words(move))}") for move in story.moves[:1]]
    # Two blanks at the end of a line break it.
    lines = "  \n".join(f"**{name}:** {text}" for name, text in told)
    return f"{Privacy(story.spec).text(lines)}\n\n{batch_markdown(story, most, airflow_url)}"


def _headline(story: BatchStory) -> str:
    if story.assessment is None:
        return "This batch has not been assessed."
    return story.assessment.headline


def _moved(story: BatchStory, move: Move) -> str:
    told = f"{code(move.column, 60)} {prose(move_words(move))}"
    beyond, known = story.beyond
    if move.verdict != Verdict.OK or not beyond:
        return told
    # The usual range holds 95 % of the windows of one column, so that of many columns some lie outside in any window.
    return f"{told}. {beyond} of {known} inputs lie beyond theirs, and none far enough for an alarm"


def _rows(story: BatchStory) -> str:
    expected = story.summary.rows_expected
    about = f" (about {expected:,.0f} expected)" if expected is not None else ""
    return f"{story.batch.rows:,}{about}"


def batch_markdown(story: BatchStory, most: int, airflow_url: str = "") -> str:
    """Return the text of a batch's report.

    Parameters
    ----------
    story : BatchStory
        The batch.
    most : int
        Rows of each table of findings at the most.
    airflow_url : str
        Address of the run that wrote it; empty for none.
    """
    return Privacy(story.spec).text("\n\n".join([batch_head(story, airflow_url), *_sections(story, most)])) + "\n"


def batch_head(story: BatchStory, airflow_url: str = "") -> str:
    """Return what a reader sees first: how it stands, the metric, the largest move, the rows.

    Parameters
    ----------
    story : BatchStory
        The batch.
    airflow_url : str
        Address of the run that wrote it; empty for none.
    """
    headline = _headline(story)
    title, rest = (_HEALTHY, True) if story.outcome == "healthy" else heading(headline)
    facts = [("What it says", prose(headline, 300))] if rest else []
    facts += [("Outcome", _outcome(story)), ("What to do", prose(what_to_do(story)))]
    facts.append(("Performance", prose(metric_words(story.summary, story.findings)) or _NOT_MEASURED))
    facts += [("Largest move", _moved(story, move)) for move in story.moves[:1]]
    facts += [("Who decided", prose(decided_by(story)))] if story.champion else []
    if helped := since_words(story.spec.metric, story.windows):
        facts.append(("Did it help", prose(helped)))
    facts.append(("Incidents", "; ".join(map(prose, recent_incidents(story))) or "none so far"))
    facts.append(("Rows", _rows(story)))
    facts.append(("Window", f"{prose(story.batch.window)}, looked at {moment(story.batch.as_of)}"))
    facts.append(("Model", f"{code(story.batch.model)}, version {prose(story.version, 40) or 'not known'}"))
    if airflow_url:
        facts.append(("Airflow", f"[the run that checked it]({airflow_url})"))
    return f"# {prose(title)}\n\n{table(('', ''), facts)}"


def _outcome(story: BatchStory) -> str:
    if story.assessment is None or story.outcome == "healthy":
        return f"**{story.outcome}**"
    # What is watched is not named yet.
    cause = f": {story.assessment.cause.words}" if story.outcome == "incident" else ""
    return f"**{story.outcome}{cause}**, severity {story.assessment.severity}"


def _sections(story: BatchStory, most: int) -> list[str]:
    parts = []
    if story.settings:
        told = [
            f"* {code(setting.key)} is {prose(setting.plain_value, 160)}, set by {prose(setting.author, 60)}, "
            f"{setting.until}."
            for setting in story.settings
        ]
        parts.append("## What differs from the spec's file\n\n" + "\n".join(told))
    noted = [finding for finding in story.findings if finding.verdict in ABNORMAL]
    if noted:
        parts.append(f"## Notable findings\n\n{markdown_findings(noted, most)}")
    unknown = [finding for finding in story.findings if finding.verdict is Verdict.UNKNOWN]
    if unknown:
        parts.append(f"## What could not be checked\n\n{markdown_findings(unknown, most)}")
    if story.assessment and story.assessment.not_knowable:
        parts.append(
            "## What cannot be known yet\n\n" + "\n".join(f"* {prose(text)}" for text in story.assessment.not_knowable)
        )
    if len(story.moves) > 1:
        moved = [(code(move.column, 60), prose(move_words(move)), move.verdict) for move in story.moves]
        parts.append("## Largest moves of inputs\n\n" + table(("Column", "Has moved by", "Verdict"), moved))
    calm = len(story.findings) - len(noted) - len(unknown)
    hidden = f" {story.hidden} on private columns stay in the ledger." if story.hidden else ""
    parts.append(f"{calm:,} of {len(story.findings):,} findings are in order; all are in `findings.json`.{hidden}")
    return parts
