"""Says what a reader of an incident's report sees first: what happened, why, who decided, and whether it helped."""

from __future__ import annotations

from airmedic_core.records import REQUESTED, Permission
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.measured import metric_words
from airmedic_core.reports.narrative.cause import ended, measured_then, sides
from airmedic_core.reports.narrative.name import what_was_asked
from airmedic_core.reports.narrative.remedy import did_it_help
from airmedic_core.reports.text import code, heading, moment, number, prose, table

_LINE = 110
"""Letters that stand on a line of a description where MLflow's own panels leave it half of the screen."""


def first_screen(dossier: Dossier, airflow_url: str = "") -> str:
    """Return the heading, and a table with the four answers above all else.

    Parameters
    ----------
    dossier : Dossier
        The incident.
    airflow_url : str
        Address of the run that handles it; empty for none.
    """
    incident = dossier.incident
    rows = [
        ("What", _what(dossier)),
        ("Why", _why(dossier)),
        ("Who decided", _who(dossier)),
        ("Did it help", did_it_help(dossier)),
        ("State", f"**{prose(incident.state.replace('_', ' '))}**, severity {incident.severity}"),
    ]
    if asked := what_was_asked(dossier):
        rows.insert(0, ("Answer", prose(asked, 900)))
    if airflow_url:
        rows.append(("Airflow", f"[the run that handles it]({airflow_url})"))
    closed = f", closed {moment(incident.closed_at)}" if incident.closed_at else ""
    rows += [
        ("Model", f"{prose(dossier.spec.title or dossier.spec.name, 80)} ({code(dossier.spec.name)})"),
        ("Time", f"first seen in {prose(incident.window)}, opened {moment(incident.opened_at)}{closed}"),
        ("Incident", code(incident.id, 200)),
    ]
    title, _ = heading(incident.headline)
    return f"# {prose(title)}\n\n" + table(("", ""), rows)


def four_lines(dossier: Dossier) -> str:
    """Return the four answers in a line each: MLflow folds a description away below its first hundred pixels."""
    standing = dossier.standing
    first = standing.causes[0] if standing and standing.causes else None
    why = (
        f"{first.cause.words}, {number(round(first.confidence, 2), 'fraction')} by {prose(standing.engine, 30)}"
        if first and standing
        else f"{dossier.incident.cause.words}, not diagnosed yet"
    )
    asked = what_was_asked(dossier)
    measured = metric_words(dossier.summary, dossier.findings).partition(", accepted")[0]
    what = (
        prose(asked, _LINE) if asked else " · ".join(filter(None, (prose(dossier.incident.headline, _LINE), measured)))
    )
    told = (("What", what), ("Why", why), ("Who decided", _who(dossier)), ("Did it help", did_it_help(dossier)))
    # Two blanks at the end of a line break it.
    return "  \n".join(f"**{name}:** {text}" for name, text in told)


def _what(dossier: Dossier) -> str:
    incident = dossier.incident
    parts = [prose(incident.headline.rstrip("."), 240) + "."]
    if measured := measured_then(dossier):
        parts.insert(0, prose(measured))
    if incident.fingerprint != REQUESTED:
        parts.append(ended(incident.state))
    return " ".join(parts)


def _why(dossier: Dossier) -> str:
    standing = dossier.standing
    if standing is None or not standing.causes:
        return f"{dossier.incident.cause.words}; it has not been diagnosed yet."
    first = standing.causes[0]
    sure = f"**{first.cause.words}**, {number(round(first.confidence, 2), 'fraction')} by {prose(standing.engine, 40)}"
    cited, _ = sides(dossier, first)
    items = {item.id: item for item in dossier.evidence}
    # The assessment sums up the rest, and is the headline above.
    shown = [items[key] for key in cited if items[key].kind != "assessment"][:2]
    told = " ".join(f"{prose(item.statement.rstrip('.'), 200)} \\[{item.id}\\]." for item in shown)
    return f"{sure}. {told}".rstrip()


def _who(dossier: Dossier) -> str:
    told = []
    for proposal in dossier.proposals:
        action = prose(proposal.action.replace("_", " "), 60)
        counted = [answer for answer in dossier.approvals.get(proposal.hash, ()) if not answer.refused_because]
        for answer in counted:
            said = "approved" if answer.answer == "approve" else "rejected"
            words = f" (“{prose(answer.comment, 100)}”)" if answer.comment else ""
            told.append(f"**{prose(answer.by, 60)}** {said} {action}{words}")
        if not counted and proposal.permission is Permission.AUTO:
            told.append(f"the policy allows {action}")
        elif not counted and proposal.permission.people and dossier.incident.closed_at is None:
            told.append(f"{action} waits for an answer")
    if not told:
        reason = dossier.decisions[-1].get("reason", "") if dossier.decisions else ""
        return f"Nobody was asked. {prose(reason, 240)}".rstrip() if dossier.decisions else "Nothing is decided yet."
    text = "; ".join(told)
    return f"{text[0].upper()}{text[1:]}."
