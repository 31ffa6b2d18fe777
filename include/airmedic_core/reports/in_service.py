"""What the windows before and after a deployment have shown of it: whether it has helped, and not only in the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airmedic_core.numbers import measure_name
from airmedic_core.records import GateResult
from airmedic_core.records.versions import taking_back
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.gate_words import short
from airmedic_core.reports.points import MetricPoint
from airmedic_core.reports.text import day
from airmedic_core.windows import Window

_MOST_AFTER = 6
"""Windows that are told of those since a deployment, the newest ones: half a year of months."""
_KNOWN_BLOCKS = 8
"""Blocks of time from which on an interval of their mean is known: with fewer the two versions were not told apart."""


@dataclass(frozen=True)
class InService:
    """How a version does that a remedy has put in service."""

    version: str
    instead_of: str
    before: MetricPoint | None
    """The last measured window that the version before it answered."""
    after: tuple[MetricPoint, ...]
    """The measured windows that it has answered since, oldest first."""
    awaited: Window
    """The first window of which it answers all rows, or the next one to come."""
    beside: str = ""
    """How the two versions did on the same new rows, where one was tried beside the other; else empty."""


def in_service(dossier: Dossier) -> InService | None:
    """Return how the version does that an incident's remedy has put in service.

    Nothing is returned where none was, and where it left service before a window of it was measured.
    """
    undoing = taking_back(dossier.switches)
    deployed = [switch for switch in dossier.switches if switch.brings_another and switch not in undoing]
    if not deployed:
        return None
    switch, start = deployed[-1], dossier.incident.window.start
    new, old = switch.to_version, str(switch.from_version)
    measured = [point for point in dossier.windows if point.value is not None and point.window.start >= start]
    after = tuple(point for point in measured if point.version == new)
    following = dossier.promotions[dossier.promotions.index(switch) + 1 :]
    if not after and any(later.from_version == new for later in following):
        return None
    until = after[0].window.start if after else None
    earlier = [point for point in measured if point.version == old and (until is None or point.window.start < until)]
    answered = [point.window for point in dossier.windows if point.version == new and point.window.start >= start]
    newest = max((point.window for point in dossier.windows), key=lambda window: window.end, default=None)
    last = newest or dossier.incident.window
    coming = Window(last.end, dossier.spec.window.step.shift(last.end, 1))
    return InService(
        version=new,
        instead_of=old,
        before=earlier[-1] if earlier else None,
        after=after,
        awaited=answered[0] if answered else coming,
        beside=_side_by_side(dossier, new, old),
    )


def in_service_words(dossier: Dossier) -> list[str]:
    """Return in sentences how the version does that was put in service; none where none was."""
    known = in_service(dossier)
    if known is None:
        return []
    told = [known.beside] if known.beside else []
    name = measure_name(dossier.spec.metric)
    if not known.after:
        awaited = f"version {known.version} alone is that of {day(known.awaited)}"
        expected = "its labels come later than its rows"
        if not dossier.spec.label_time_column:
            expected = f"its labels are expected from {known.awaited.end:%-d %b %Y} on"
        still = "Not known yet of all rows" if told else "Not known yet"
        return [*told, f"{still}: the first window of {awaited}; {expected}."]
    values = ", ".join(_value(point) for point in known.after[-_MOST_AFTER:])
    level = _level(known)
    if known.before is None:
        return [*told, f"{name} on all labelled rows: {values} with version {known.version}.", *level]
    before = f"{_value(known.before)} with version {known.instead_of}"
    return [*told, f"{name} on all labelled rows: {before}; {values} with version {known.version}.", *level]


def _level(known: InService) -> list[str]:
    """Return what is accepted of a version, how many of its windows are within that, and which had an incident."""
    judged = [point for point in known.after if point.limit is not None]
    if not judged:
        return []
    newest = judged[-1]
    way = "at most" if newest.higher_is_better is False else "at least"
    within = sum(not _is_beyond(point) for point in judged)
    windows = f"{within} of {len(judged)} window{'s' if len(judged) > 1 else ''} since"
    told = [f"Accepted of version {known.version} is {way} {short(newest.limit or 0.0)}: {windows} reached that."]
    ill = [day(point.window) for point in known.after if point.outcome == "incident"]
    if len(ill) == 1:
        told.append(f"{ill[0]} had an incident of its own.")
    elif ill:
        told.append(f"{', '.join(ill)} had incidents of their own.")
    return told


def _is_beyond(point: MetricPoint) -> bool:
    value, limit = point.value or 0.0, point.limit or 0.0
    return value > limit if point.higher_is_better is False else value < limit


def tested_words(gate: GateResult) -> str:
    """Return what the test before a deployment has measured, on which rows; empty where it has measured nothing."""
    if gate.champion_value is None or gate.challenger_value is None:
        return ""
    values = f"{measure_name(gate.metric)} {short(gate.champion_value)} → {short(gate.challenger_value)}"
    return f"Tested before deployment, on {gate.rows:,} rows new to both versions: {values}."


def tested_in(dossier: Dossier) -> GateResult | None:
    """Return the test whose values stand in a resolution as before and after; nothing where they come from service."""
    resolution = dossier.incident.resolution
    ends = (resolution.get("before"), resolution.get("after"))
    if None in ends:
        return None
    return next((gate for gate in dossier.gates if (gate.champion_value, gate.challenger_value) == ends), None)


def _value(point: MetricPoint) -> str:
    known = point.low is not None and point.high is not None
    bounds = f" ({short(point.low or 0.0)} to {short(point.high or 0.0)})" if known else ""
    return f"{short(point.value or 0.0)}{bounds} in {day(point.window)}"


def _side_by_side(dossier: Dossier, new: str, old: str) -> str:
    """Return by how much the error of the tried version was smaller than that of the other on the same new rows."""
    import numpy as np

    from airmedic_core.verdicts.confidence_sequence import interval_of

    compared = dossier.compared
    rows, lost = sum(shown["rows"] for shown in compared), sum(shown["lost"] for shown in compared)
    gains = [gain for shown in compared for gain in shown["gains"]]
    if not rows or lost <= 0 or len(gains) < _KNOWN_BLOCKS:
        return ""
    interval, usual = interval_of(np.array(gains)), lost / rows
    mean, low, high = (100 * gained / usual for gained in (interval.mean, interval.low, interval.high))
    where = f"On the same {rows:,} new rows of {_span([Window.from_key(shown['window']) for shown in compared])}"
    size = f"{abs(mean):.0f} % {'smaller' if mean >= 0 else 'larger'}"
    sure = f"95 % certain: {low:.0f} % to {high:.0f} %"
    if low < 0 <= high:
        sure = f"95 % certain: between {-low:.0f} % larger and {high:.0f} % smaller"
    elif high < 0:
        sure = f"95 % certain: {-high:.0f} % to {-low:.0f} %"
    # An end that is rounded to nothing leaves it open.
    probably = "probably " if round(low) * round(high) <= 0 else ""
    return f"{where}, the error of version {new} was {probably}{size} than that of version {old} ({sure})."


def _span(windows: Sequence[Window]) -> str:
    first, last = min(windows, key=lambda window: window.start), max(windows, key=lambda window: window.end)
    return day(first) if first == last else f"{day(first)} to {day(last)}"
