"""Hear one cause: the evidence for it, the evidence against it, and how convincing it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airmedic_core.diagnose.facts import Facts, citation
from airmedic_core.records import Cause, Evidence, RankedCause, Verdict
from airmedic_core.reports.distinct import distinct

MOST_CITED = 6
CEILING = 0.97
"""Rules are never certain."""
_WEIGHT = {Verdict.ALERT: 0.75, Verdict.OK: 0.6, Verdict.WATCH: 0.4, Verdict.UNKNOWN: 0.2}
"""Says what one finding says for a cause. One that suggests a cause without being an alarm decides between causes."""
_INDIRECT = {"assessment": 0.9}
"""Evidence derived from other evidence counts for less, because what it rests on is counted already."""
_ASSESSED_OTHERWISE = 0.5
"""Factor on a cause where the checks, weighed together, point to another one."""
_PLACE = 0.7
"""A finding's second suggestion counts this much of its first, the third this much of the second."""

Heard = tuple[list[Evidence], list[Evidence], float]
"""Evidence for, evidence against, and the factor that the latter puts on the confidence."""


def hear(cause: Cause, facts: Facts) -> RankedCause | None:
    """Return a cause with its evidence and confidence, or ``None`` where nothing speaks for it.

    The confidence combines, for each check or source of evidence, its strongest item, as independent chances of being
    right; evidence against multiplies it down.
    """
    supporting = sorted(facts.suggesting(cause), key=lambda item: -_strength(item, cause))
    if not supporting:
        return None
    extra, against, factor = _SPECIAL.get(cause, _nothing_special)(facts)
    if _assessed_otherwise(cause, facts) and facts.assessment is not None:
        against, factor = [*against, facts.assessment], factor * _ASSESSED_OTHERWISE
    strengths: dict[str, float] = {}
    for item in supporting:
        source = str(item.details.get("check", item.collector))
        strengths[source] = max(strengths.get(source, 0.0), _strength(item, cause))
    for item in extra:
        strengths.setdefault(f"extra:{item.collector}:{item.kind}", 0.3)
    doubt = 1.0
    for strength in strengths.values():
        doubt *= 1 - strength
    confidence = round(min(CEILING, 1 - doubt) * factor, 3)
    cited, opposed = _sides(supporting, extra, against)
    return RankedCause(
        cause=cause,
        confidence=confidence,
        supporting=tuple(item.id for item in cited),
        contradicting=tuple(item.id for item in opposed),
        explanation=_explanation(cause, cited, opposed),
    )


def _strength(item: Evidence, cause: Cause) -> float:
    weight = _WEIGHT[item.verdict] * _PLACE ** item.suggests.index(cause)
    return weight * _INDIRECT.get(item.kind, 1.0)


def _assessed_otherwise(cause: Cause, facts: Facts) -> bool:
    """Say whether the checks together name another cause. What only the history shows, a switch, they cannot weigh."""
    if facts.assessment is None or cause in facts.assessment.suggests:
        return False
    return not (cause is Cause.BAD_DEPLOYMENT and facts.starts_with_version)


def _data(facts: Facts) -> Heard:
    upstream = facts.of("upstream")
    failed = [item for item in upstream if item.verdict is not Verdict.OK]
    return [*failed, *facts.of("siblings")], [], 1.0


def _bad_deployment(facts: Facts) -> Heard:
    link, compared = facts.switch, facts.versions_compared
    if compared is not None and compared.verdict is Verdict.OK:
        return [], [compared], 0.3
    if link is None:
        return [], [], 1.0 if compared is not None else 0.5
    if link.suggests:
        return [], [], 1.0
    return [], [link], 0.8 if compared is not None else 0.2


def _harmless(facts: Facts) -> Heard:
    if facts.losses:
        return [], facts.losses, 0.25
    # A shift counts as harmless only where performance was measured or estimated.
    return [*facts.moved[:MOST_CITED], *facts.sound_performance[:2]], [], 1.0 if facts.sound_performance else 0.5


def _harmful(facts: Facts) -> Heard:
    if not facts.losses and not facts.helped:
        return [], facts.sound_performance[:2], 0.25 if facts.sound_performance else 0.6
    against, factor = _otherwise_explained(facts, Cause.HARMFUL_COVARIATE_SHIFT)
    return [*facts.moved[:3], *facts.losses[:2]], against, factor


def _relation(facts: Facts) -> Heard:
    if not facts.losses and not facts.helped:
        return [], facts.sound_performance[:2], 0.25
    against, factor = _otherwise_explained(facts, Cause.CONCEPT_DRIFT)
    unmoved = [] if facts.moved else facts.unmoved[:1]
    return [*facts.losses[:2], *unmoved], against, factor


def _class_mix(facts: Facts) -> Heard:
    against, factor = _otherwise_explained(facts, Cause.LABEL_SHIFT)
    return facts.losses[:2], against, factor


def _otherwise_explained(facts: Facts, cause: Cause) -> tuple[list[Evidence], float]:
    """Return the evidence that a loss has another reason than this cause, and the factor that it puts on it."""
    against = [facts.switch] if facts.switch is not None and facts.switch.suggests else []
    against += [item for item in facts.reasons_of_loss if cause not in item.suggests]
    return against, 0.6 ** len(against)


def _nothing_special(_: Facts) -> Heard:
    return [], [], 1.0


_SPECIAL: dict[Cause, Callable[[Facts], Heard]] = {
    **{cause: _data for cause in Cause if cause.lies_in_data},
    Cause.BAD_DEPLOYMENT: _bad_deployment,
    Cause.HARMLESS_COVARIATE_SHIFT: _harmless,
    Cause.HARMFUL_COVARIATE_SHIFT: _harmful,
    Cause.CONCEPT_DRIFT: _relation,
    Cause.LABEL_SHIFT: _class_mix,
}


def _sides(
    supporting: Sequence[Evidence], extra: Sequence[Evidence], against: Sequence[Evidence]
) -> tuple[list[Evidence], list[Evidence]]:
    """Return the evidence that is cited for a cause and against it; none stands on both sides.

    What suggests the cause is for it. A loss is for it as well, unless it was found to have another reason.
    """
    suggesting = {item.id for item in supporting}
    opposed = [item for item in _distinct(against) if item.id not in suggesting]
    opposed_ids = {item.id for item in opposed}
    cited = _distinct([*supporting[:MOST_CITED], *(item for item in extra if item.id not in opposed_ids)])
    return cited, opposed[:MOST_CITED]


def _distinct(items: Sequence[Evidence]) -> list[Evidence]:
    return list({item.id: item for item in items}.values())


def _explanation(cause: Cause, cited: Sequence[Evidence], against: Sequence[Evidence]) -> str:
    text = f"What decides it: {cause.traits.decided_by}"
    for side, items in (("For it", distinct(cited)[:3]), ("Against it", distinct(against)[:2])):
        if items:
            text += f" {side}: {' '.join(citation(item) for item in items)}"
    return text
