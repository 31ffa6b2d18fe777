"""The summary of a diagnosis: a few sentences that each name the evidence they rest on."""

from __future__ import annotations

from collections.abc import Sequence

from airmedic_core.actions import infinitive
from airmedic_core.assess import Likely
from airmedic_core.assess.signs import WHOLE, is_measured_loss
from airmedic_core.diagnose.facts import Facts, citation
from airmedic_core.numbers import number
from airmedic_core.records import ABNORMAL, Cause, Evidence, RankedCause, RecommendedAction

_DERIVED = frozenset({"assessment"})
_MOST_TOLD = 3


def summarise(
    facts: Facts, first: RankedCause, actions: Sequence[RecommendedAction], rival: Likely | None = None
) -> str:
    """Return what is wrong, what shows it, since when, what it costs, what was seen before and what to do.

    Parameters
    ----------
    facts : Facts
        The evidence.
    first : RankedCause
        The cause that is named.
    actions : sequence of RecommendedAction
        What is recommended, first choice first.
    rival : Likely, optional
        Another cause that is about as likely.
    """
    parts = [_opening(first), as_likely_too(first.cause, rival)]
    shown = _shown(facts.by_id(first.supporting))
    parts += [citation(item) for item in shown]
    parts += [citation(item) for item in _since(facts, shown)]
    if not first.cause.traits.harmless:
        parts.append(_cost(facts, shown))
    against = facts.by_id(first.contradicting)
    if against:
        parts.append(f"Against this speaks: {citation(against[0])}")
    parts += [citation(item) for item in facts.of("recurrence")[:1]]
    if not facts.of("recurrence"):
        remembered = [item for item in similar_to(facts, first) if item.trust == "recorded"]
        parts += [citation(item) for item in remembered[:1]]
    parts.append(_advice(actions))
    return " ".join(part for part in parts if part)


def as_likely_too(first: Cause, rival: Likely | None) -> str:
    """Return which other cause is about as likely, and what a person can look at to tell them apart.

    Examples
    --------
    >>> as_likely_too(Cause.STALE_DATA, Likely(Cause.HEALTHY, 0.4)).split(": ")[0]
    'Also possible (40 %) is chance. To tell them apart'
    """
    if rival is None:
        return ""
    other = "chance" if rival.cause is Cause.HEALTHY else rival.cause.traits.title
    settled = " ".join(filter(None, (first.traits.settled_by, rival.cause.traits.settled_by)))
    return f"Also possible ({number(rival.chance, 'fraction')}) is {other}. To tell them apart: {settled}"


def _shown(supporting: Sequence[Evidence]) -> list[Evidence]:
    """Return what to tell of the evidence: first what was lost, by one metric, then what shows why."""
    direct = [item for item in supporting if item.kind not in _DERIVED]
    lost = [item for item in direct if item.verdict in ABNORMAL and item.subject == WHOLE and is_measured_loss(item)]
    others = [item for item in direct if item not in lost]
    return [*lost[:1], *others, *lost[1:]][:_MOST_TOLD] or list(supporting[:1])


def similar_to(facts: Facts, first: RankedCause) -> list[Evidence]:
    """Return the similar incidents that had the same cause."""
    return [item for item in facts.of("similar") if item.details.get("cause") == first.cause.value]


def _opening(first: RankedCause) -> str:
    if first.cause is Cause.HEALTHY:
        return "Nothing is wrong: the batch looks like its reference."
    if first.cause is Cause.UNKNOWN:
        return "The cause is not known: what alarms fits no rule well enough."
    sure = number(round(first.confidence, 2), "fraction")
    return f"The most likely cause is {first.cause.traits.title} (confidence {sure})."


def _since(facts: Facts, shown: Sequence[Evidence]) -> list[Evidence]:
    """Return since when the strongest shown finding alarms; failing that, the strongest alarm with a history."""
    onsets = facts.of("onset")
    for item in shown:
        for onset in onsets:
            if (onset.subject, onset.details.get("statistic")) == (item.subject, item.details.get("statistic")):
                return [onset]
    return onsets[:1]


def _cost(facts: Facts, shown: Sequence[Evidence]) -> str:
    ids = {item.id for item in shown}
    if facts.losses:
        unsaid = [item for item in facts.losses if item.id not in ids]
        return citation(unsaid[0]) if unsaid and len(unsaid) == len(facts.losses) else ""
    if facts.sound_performance:
        return f"It has not cost measurable performance: {citation(facts.sound_performance[0])}"
    return "What it costs cannot be measured yet."


def _advice(actions: Sequence[RecommendedAction]) -> str:
    if not actions:
        return "Nothing needs to be done."
    advised = [f"{infinitive(action.action)} {action.condition}".strip() for action in actions]
    return f"Recommended: {'; '.join(advised)}."
