"""Check a language model's answer against the packet, in code: ids, numbers, directions, actions.

What does not hold is taken out or marked down and named. An answer with any such problem is ``unverified``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from airmedic_core.diagnose.answer import ActionForm, AnswerForm, CauseForm
from airmedic_core.diagnose.facts import Facts
from airmedic_core.diagnose.narrative import similar_to
from airmedic_core.diagnose.outbound import Outbound
from airmedic_core.diagnose.taxonomy import TAXONOMY, fitting_actions
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
_NUMBER = re.compile(r"(?<![\w.])([-−+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)\s?(%?)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2})?")
_NAMED = re.compile(r"\bE\d{1,4}\b|\b[a-z]+_\d+\b|\bversion \d+\b|\bp\d{2}\b", re.IGNORECASE)
_LINK = re.compile(r"https?:|www\.|\]\(|@\w+\.\w", re.IGNORECASE)
_UP = re.compile(r"\b(rose|risen|rises|increase[sd]?|grew|grown|higher|up from|climbed|jumped)\b", re.IGNORECASE)
_DOWN = re.compile(r"\b(fell|fallen|falls|decrease[sd]?|drop(?:s|ped)|lower|down from|declined|sank)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_SMALL = frozenset({0.0, 1.0, 2.0})
"""Counts that language needs and that carry no claim."""


@dataclass(frozen=True)
class Verified:
    """An answer as a diagnosis, and what did not hold."""

    diagnosis: Diagnosis
    problems: tuple[str, ...]


def verify(form: AnswerForm, packet: EvidencePacket, outbound: Outbound, engine: str) -> Verified:
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
    problems = [*_about_ids(form, items), *_about_readings(form, items), *_about_actions(form), *_about_words(form)]
    problems += _about_numbers(form, items.values())
    problems += _about_directions(form, items)
    status = "unverified" if problems else "verified"
    causes = tuple(_ranked(cause, items, outbound, DOUBT if problems else 1.0) for cause in form.causes)
    first = causes[0]
    facts = Facts(packet)
    return Verified(
        Diagnosis(
            incident_id=packet.incident_id,
            engine=engine,
            causes=causes,
            severity=_severity(form.severity, first.cause),
            summary=prose(outbound.unalias(form.summary)),
            actions=_actions(form.actions, first.cause, outbound),
            packet_hash=packet.hash,
            runbook=TAXONOMY[first.cause].runbook,
            similar_incidents=tuple(item.subject for item in similar_to(facts, first)),
            not_knowable=tuple(item.statement for item in facts.of("not_knowable")),
            status="unverified" if status == "unverified" else "verified",
            notes=tuple(f"Verifier: {problem}" for problem in problems[:12]),
        ),
        tuple(problems),
    )


def _about_ids(form: AnswerForm, items: dict[str, Evidence]) -> Iterator[str]:
    known = {cause.value for cause in Cause}
    for cause in form.causes:
        name = plain(cause.cause)
        if cause.cause not in known:
            yield f"{name} is not one of the causes."
        invented = sorted({*cause.supporting, *cause.contradicting} - items.keys())
        if invented:
            yield f"{name} cites evidence that does not exist: {plain(', '.join(invented), 80)}."
        both = sorted(set(cause.supporting) & set(cause.contradicting))
        if both:
            yield f"{name} cites {plain(', '.join(both), 80)} both for and against."
    cited = {found for text in _texts(form) for found in re.findall(r"\bE\d{1,4}\b", text)}
    if cited - items.keys():
        yield f"The text cites evidence that does not exist: {', '.join(sorted(cited - items.keys())[:5])}."
    first = form.causes[0]
    if first.cause not in {Cause.HEALTHY, Cause.UNKNOWN} and not set(first.supporting) & items.keys():
        yield "The first cause has no evidence for it."
    elif first.cause in known - {Cause.HEALTHY, Cause.UNKNOWN} and not _speaks_for(first, items):
        yield f"None of the evidence cited for {plain(first.cause)} speaks for it."


def _speaks_for(cause: CauseForm, items: dict[str, Evidence]) -> bool:
    cited = [items[id_] for id_ in cause.supporting if id_ in items]
    return any(cause.cause in item.suggests or item.verdict is not Verdict.OK for item in cited)


def _about_readings(form: AnswerForm, items: dict[str, Evidence]) -> Iterator[str]:
    for reading in form.readings:
        item = items.get(reading.evidence)
        if item is None:
            yield f"A reading names evidence that does not exist: {plain(reading.evidence, 12)}."
            continue
        if not any(_same(reading.value, number) for number in _numbers_of(item)):
            yield f"{reading.evidence} does not hold {reading.value:g}."
        if reading.direction != (item.direction or "none"):
            yield f"{reading.evidence} goes {item.direction or 'nowhere'}, not {plain(reading.direction, 12)}."


def _about_actions(form: AnswerForm) -> Iterator[str]:
    try:
        cause = Cause(form.causes[0].cause)
    except ValueError:
        return
    unfit = sorted({action.action for action in form.actions} - fitting_actions(cause))
    if unfit:
        yield f"These actions do not fit {cause.value}: {plain(', '.join(unfit), 120)}."
    if not form.actions and TAXONOMY[cause].actions:
        yield f"No action is recommended for {cause.value}."
    if form.severity not in {severity.value for severity in Severity}:
        yield f"{plain(form.severity, 20)} is not a severity."


def _about_words(form: AnswerForm) -> Iterator[str]:
    if any(_LINK.search(text) for text in _texts(form)):
        yield "The text holds a link or an address."


def _about_numbers(form: AnswerForm, items: Iterable[Evidence]) -> Iterator[str]:
    allowed = [*_derived(items), *(cause.confidence for cause in form.causes)]
    dates = {date for item in items for date in _DATE.findall(item.window)}
    for text in _texts(form):
        wrong_dates = [date for date in _DATE.findall(text) if not any(known.startswith(date) for known in dates)]
        wrong = [shown for shown, value, step in _numbers_in(text) if not _stated(value, step, allowed)]
        if wrong or wrong_dates:
            yield f"The packet does not hold {', '.join([*wrong, *wrong_dates][:5])}."


def _about_directions(form: AnswerForm, items: dict[str, Evidence]) -> Iterator[str]:
    for text in _texts(form):
        for sentence in _SENTENCE.split(text):
            cited = set(re.findall(r"\bE\d{1,4}\b", sentence)) & items.keys()
            directions = {items[id_].direction for id_ in cited} & {"up", "down"}
            said = {"up"} if _UP.search(sentence) else set()
            said |= {"down"} if _DOWN.search(sentence) else set()
            if len(directions) == 1 and len(said) == 1 and directions != said:
                yield f"{', '.join(sorted(cited))} went {directions.pop()}, and the text says {said.pop()}."


def _texts(form: AnswerForm) -> list[str]:
    texts = [form.summary, *(cause.explanation for cause in form.causes)]
    return texts + [text for action in form.actions for text in (action.why, action.condition)]


def _numbers_of(item: Evidence) -> list[float]:
    numbers = [item.value, item.baseline, item.limit, item.effect, item.sample_size]
    for value in item.details.values():
        numbers += value if isinstance(value, list) else [value]
    return [float(one) for one in numbers if isinstance(one, int | float) and not isinstance(one, bool)]


def _derived(items: Iterable[Evidence]) -> Iterator[float]:
    """Yield the numbers that may be stated: those of the evidence, their differences and ratios, and few constants."""
    yield 95.0
    yield 99.0
    for item in items:
        yield from _numbers_of(item)
        if item.value is not None and item.baseline is not None:
            yield abs(item.value - item.baseline)
            if item.baseline:
                yield item.value / item.baseline
                yield abs(item.value - item.baseline) / abs(item.baseline)


def _numbers_in(text: str) -> Iterator[tuple[str, float, float]]:
    """Yield each number of a text as written, its value, and the step of its last digit."""
    for match in _NUMBER.finditer(_NAMED.sub(" ", _DATE.sub(" ", text))):
        digits = match[1].replace(",", "").replace("−", "-").rstrip(".")
        mantissa, _, exponent = digits.lower().partition("e")
        decimals = len(mantissa.partition(".")[2])
        scale = 0.01 if match[2] else 1.0
        yield match[0].strip(), float(digits) * scale, 10.0 ** (int(exponent or 0) - decimals) * scale


def _stated(value: float, step: float, allowed: Sequence[float]) -> bool:
    if value in _SMALL:
        return True
    return any(abs(abs(value) - abs(number)) <= 0.51 * step + 1e-9 * abs(number) for number in allowed)


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-5 * max(abs(other), 1e-9)


def _ranked(cause: CauseForm, items: dict[str, Evidence], outbound: Outbound, factor: float) -> RankedCause:
    known = cause.cause in {one.value for one in Cause}
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
    fitting = fitting_actions(cause)
    kept = {form.action: form for form in sorted(forms, key=lambda form: -form.priority) if form.action in fitting}
    ordered = sorted(kept.values(), key=lambda form: form.priority)
    return tuple(
        RecommendedAction(
            form.action, place, prose(outbound.unalias(form.why)), prose(outbound.unalias(form.condition))
        )
        for place, form in enumerate(ordered, start=1)
    )


def _severity(severity: str, cause: Cause) -> Severity:
    known = {one.value for one in Severity}
    return Severity(severity) if severity in known else TAXONOMY[cause].severity
