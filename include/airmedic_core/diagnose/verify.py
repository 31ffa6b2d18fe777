"""Check a language model's answer against the packet, in code: ids, numbers, directions, actions.

What does not hold is taken out or marked down and named. An answer with any such problem is ``unverified``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airmedic_core.diagnose.answer import ActionForm, AnswerForm, CauseForm
from airmedic_core.diagnose.asking import Checked
from airmedic_core.diagnose.claims import about_citations, about_claims
from airmedic_core.diagnose.facts import Facts
from airmedic_core.diagnose.outbound import Outbound
from airmedic_core.diagnose.summary import similar_to
from airmedic_core.diagnose.wording import plain, prose
from airmedic_core.records import (
    Cause,
    Diagnosis,
    Evidence,
    EvidencePacket,
    RankedCause,
    RecommendedAction,
    Severity,
    Verdict,
)

DOUBT = 0.5
"""Factor on the confidence of an answer that could not be verified."""


def verify(form: AnswerForm, packet: EvidencePacket, outbound: Outbound, engine: str) -> Checked[Diagnosis]:
    """Return an answer as a diagnosis with everything taken out that the packet does not bear out.

    Parameters
    ----------
    form : AnswerForm
        The answer.
    packet : EvidencePacket
        The evidence.
    outbound : Outbound
        What the model was shown of it.
    engine : str
        The model's name.
    """
    items = {item.id: item for item in packet.items if item.id in outbound.shown}
    problems = [*_about_ids(form, items), *_about_actions(form)]
    stated = [cause.confidence for cause in form.causes]
    problems += about_claims(_texts(form), form.readings, items, also=stated)
    status = "unverified" if problems else "verified"
    causes = tuple(_ranked(cause, items, outbound, DOUBT if problems else 1.0) for cause in form.causes)
    first = causes[0]
    facts = Facts(packet)
    return Checked(
        Diagnosis(
            incident_id=packet.incident_id,
            engine=engine,
            causes=causes,
            severity=_severity(form.severity, first.cause),
            summary=prose(outbound.unalias(form.summary)),
            actions=_actions(form.actions, first.cause, outbound),
            packet_hash=packet.hash,
            runbook=first.cause.traits.runbook,
            similar_incidents=tuple(item.subject for item in similar_to(facts, first)),
            not_knowable=tuple(item.statement for item in facts.of("not_knowable")),
            status="unverified" if status == "unverified" else "verified",
            notes=tuple(f"Verifier: {problem}" for problem in problems[:12]),
        ),
        tuple(problems),
    )


def _about_ids(form: AnswerForm, items: dict[str, Evidence]) -> Iterator[str]:
    known = {cause.value: cause for cause in Cause}
    for cause in form.causes:
        name = plain(cause.cause)
        if cause.cause not in known:
            yield f"{name} is not one of the causes."
        yield from about_citations(name, cause.supporting, cause.contradicting, items)
    first = form.causes[0]
    named = known.get(first.cause)
    if (named is None or named.is_specific) and not set(first.supporting) & items.keys():
        yield "The first cause has no evidence for it."
    elif named is not None and named.is_specific and not _speaks_for(first, items):
        yield f"None of the evidence cited for {plain(first.cause)} speaks for it."


def _speaks_for(cause: CauseForm, items: dict[str, Evidence]) -> bool:
    cited = [items[id_] for id_ in cause.supporting if id_ in items]
    return any(cause.cause in item.suggests or item.verdict is not Verdict.OK for item in cited)


def _about_actions(form: AnswerForm) -> Iterator[str]:
    try:
        cause = Cause(form.causes[0].cause)
    except ValueError:
        return
    unfit = sorted({action.action for action in form.actions} - cause.fitting_actions)
    if unfit:
        yield f"These actions do not fit {cause.value}: {plain(', '.join(unfit), 120)}."
    if not form.actions and cause.traits.remedies:
        yield f"No action is recommended for {cause.value}."
    if form.severity not in {severity.value for severity in Severity}:
        yield f"{plain(form.severity, 20)} is not a severity."


def _texts(form: AnswerForm) -> list[str]:
    texts = [form.summary, *(cause.explanation for cause in form.causes)]
    return texts + [text for action in form.actions for text in (action.why, action.condition)]


def _ranked(cause: CauseForm, items: dict[str, Evidence], outbound: Outbound, factor: float) -> RankedCause:
    known = cause.cause in {known_cause.value for known_cause in Cause}
    supporting = tuple(dict.fromkeys(id_ for id_ in cause.supporting if id_ in items))
    return RankedCause(
        cause=Cause(cause.cause) if known else Cause.UNKNOWN,
        confidence=round(cause.confidence * factor, 3),
        supporting=supporting,
        contradicting=tuple(
            dict.fromkeys(id_ for id_ in cause.contradicting if id_ in items and id_ not in supporting)
        ),
        explanation=prose(outbound.unalias(cause.explanation)),
    )


def _actions(forms: Sequence[ActionForm], cause: Cause, outbound: Outbound) -> tuple[RecommendedAction, ...]:
    fitting = cause.fitting_actions
    kept = {form.action: form for form in sorted(forms, key=lambda form: -form.priority) if form.action in fitting}
    ordered = sorted(kept.values(), key=lambda form: form.priority)
    return tuple(
        RecommendedAction(
            form.action, place, prose(outbound.unalias(form.why)), prose(outbound.unalias(form.condition))
        )
        for place, form in enumerate(ordered, start=1)
    )


def _severity(severity: str, cause: Cause) -> Severity:
    known = {grade.value for grade in Severity}
    return Severity(severity) if severity in known else cause.traits.severity
