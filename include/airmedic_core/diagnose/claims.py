"""Check what a language model says in words and numbers against the evidence it was shown."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from airmedic_core.diagnose.answer import ReadingForm
from airmedic_core.diagnose.wording import plain
from airmedic_core.records import Evidence

_NUMBER = re.compile(r"(?<![\w.])([-−+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)\s?(%?)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2})?")
_ID = re.compile(r"\bE\d{1,4}\b")
_NAMED = re.compile(r"\bE\d{1,4}\b|\b[a-z]+_\d+\b|\bversion \d+\b|\bp\d{2}\b", re.IGNORECASE)
_LINK = re.compile(r"https?:|www\.|\]\(|@\w+\.\w", re.IGNORECASE)
_UP = re.compile(r"\b(rose|risen|rises|increase[sd]?|grew|grown|higher|up from|climbed|jumped)\b", re.IGNORECASE)
_DOWN = re.compile(r"\b(fell|fallen|falls|decrease[sd]?|drop(?:s|ped)|lower|down from|declined|sank)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_SMALL = frozenset({0.0, 1.0, 2.0})
"""Counts that language needs and that carry no claim."""


def about_citations(
    name: str, supporting: Iterable[str], contradicting: Iterable[str], known: Collection[str]
) -> Iterator[str]:
    """Yield what is wrong with the evidence that an answer cites.

    Parameters
    ----------
    name : str
        How a problem names what cites it.
    supporting, contradicting : iterable of str
        Ids of the evidence for it and against it.
    known : collection of str
        Ids of the evidence that was shown.

    Examples
    --------
    >>> list(about_citations("It", ["E1", "E9"], ["E1"], {"E1", "E2"}))
    ['It cites evidence that does not exist: E9.', 'It cites E1 both for and against.']
    """
    invented = sorted({*supporting, *contradicting} - set(known))
    if invented:
        yield f"{name} cites evidence that does not exist: {plain(', '.join(invented), 80)}."
    both = sorted(set(supporting) & set(contradicting))
    if both:
        yield f"{name} cites {plain(', '.join(both), 80)} both for and against."


def about_claims(
    texts: Sequence[str],
    readings: Iterable[ReadingForm],
    items: Mapping[str, Evidence],
    *,
    also: Iterable[float] = (),
) -> Iterator[str]:
    """Yield what the evidence does not bear out.

    Parameters
    ----------
    texts : sequence of str
        What was written.
    readings : iterable of ReadingForm
        What was read from single pieces of evidence.
    items : mapping
        What was shown, by id.
    also : iterable of float
        Further numbers that may be stated: the answer's own, such as a confidence.
    """
    cited = {name for text in texts for name in _ID.findall(text)}
    if cited - items.keys():
        yield f"The text cites evidence that does not exist: {', '.join(sorted(cited - items.keys())[:5])}."
    yield from _about_readings(readings, items)
    if any(_LINK.search(text) for text in texts):
        yield "The text holds a link or an address."
    yield from _about_numbers(texts, list(items.values()), also)
    yield from _about_directions(texts, items)


def _about_readings(readings: Iterable[ReadingForm], items: Mapping[str, Evidence]) -> Iterator[str]:
    for reading in readings:
        item = items.get(reading.evidence)
        if item is None:
            yield f"A reading names evidence that does not exist: {plain(reading.evidence, 12)}."
            continue
        if not any(_same(reading.value, number) for number in _numbers_of(item)):
            yield f"{reading.evidence} does not hold {reading.value:g}."
        if reading.direction != (item.direction or "none"):
            yield f"{reading.evidence} goes {item.direction or 'nowhere'}, not {plain(reading.direction, 12)}."


def _about_numbers(texts: Sequence[str], items: Sequence[Evidence], also: Iterable[float]) -> Iterator[str]:
    allowed = [*_derived(items), *also]
    dates = {date for item in items for date in _DATE.findall(item.window)}
    for text in texts:
        wrong_dates = [date for date in _DATE.findall(text) if not any(known.startswith(date) for known in dates)]
        wrong = [shown for shown, value, step in _numbers_in(text) if not _stated(value, step, allowed)]
        if wrong or wrong_dates:
            yield f"The packet does not hold {', '.join([*wrong, *wrong_dates][:5])}."


def _about_directions(texts: Sequence[str], items: Mapping[str, Evidence]) -> Iterator[str]:
    for text in texts:
        for sentence in _SENTENCE.split(text):
            cited = set(_ID.findall(sentence)) & items.keys()
            directions = {items[id_].direction for id_ in cited} & {"up", "down"}
            said = {"up"} if _UP.search(sentence) else set()
            said |= {"down"} if _DOWN.search(sentence) else set()
            if len(directions) == 1 and len(said) == 1 and directions != said:
                yield f"{', '.join(sorted(cited))} went {directions.pop()}, and the text says {said.pop()}."


def _numbers_of(item: Evidence) -> list[float]:
    numbers = [item.value, item.baseline, item.limit, item.effect, item.sample_size]
    for value in item.details.values():
        numbers += value if isinstance(value, list) else [value]
    return [float(number) for number in numbers if isinstance(number, int | float) and not isinstance(number, bool)]


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


def _same(first: float, second: float) -> bool:
    return abs(first - second) <= 1e-5 * max(abs(second), 1e-9)
