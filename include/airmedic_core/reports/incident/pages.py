"""An incident's report as a page: its sections, and beside them the pictures that show what they say."""

from __future__ import annotations

from airmedic_core.reports.decision_trace import decision_trace
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.html_page import figure, from_markdown, html_page
from airmedic_core.reports.measured import level_words
from airmedic_core.reports.pictures import Canvas, gate_picture, metric_picture, moves_picture, trace_picture

_BESIDE = {
    "What happened": ("metric_history",),
    "Why": ("moves",),
    "What was done": ("gate",),
    "Timeline": ("decision",),
}
"""Which pictures stand below which section, by the beginnings of their names."""


def incident_pictures(dossier: Dossier) -> dict[str, Canvas]:
    """Return the pictures of an incident by the names of their files."""
    drawn: dict[str, Canvas | None] = {
        "metric_history.svg": metric_picture(dossier.spec.metric, dossier.windows, dossier.promotions),
        "moves.svg": moves_picture(dossier.moves),
        "decision_trace.svg": trace_picture(decision_trace(dossier)),
    }
    for place, gate in enumerate(dossier.gates, start=1):
        drawn[f"gate{'' if len(dossier.gates) == 1 else f'_{place}'}.svg"] = gate_picture(gate)
    return {name: picture for name, picture in drawn.items() if picture is not None}


def incident_page(dossier: Dossier, markdown: str, pictures: dict[str, Canvas]) -> str:
    """Return the page of an incident.

    Parameters
    ----------
    dossier : Dossier
        All that is on record about it.
    markdown : str
        Its text, with a heading for each section.
    pictures : dict
        The pictures that :func:`incident_pictures` returns.
    """
    parts: list[str] = []
    left = dict(pictures)
    told = {"metric_history.svg": level_words(dossier.windows)}
    for section in markdown.split("\n## "):
        parts.append(from_markdown(section if not parts else f"## {section}"))
        beside = _BESIDE.get(section.partition("\n")[0], ())
        names = [name for name in left if beside and name.startswith(beside)]
        parts += [figure(left.pop(name), told.get(name, "")) for name in names]
    parts += map(figure, left.values())
    title = dossier.privacy.text(f"{dossier.spec.title or dossier.spec.name}: {dossier.incident.headline}")
    return html_page(title, parts)
