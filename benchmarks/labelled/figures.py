"""Figures of labelled answers: rates with their intervals, broken down, and what was wrong and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from scipy.stats import beta

from labelled.answer import Answer

ItemT = TypeVar("ItemT")

_LONGEST = 170
"""Characters of a deciding finding that a table shows."""


class Rate(NamedTuple):
    """Says how many of how many."""

    hits: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the true share (Clopper and Pearson 1934)."""
        low = beta.ppf(0.025, self.hits, self.of - self.hits + 1) if self.hits else 0.0
        high = beta.ppf(0.975, self.hits + 1, self.of - self.hits) if self.hits < self.of else 1.0
        return float(low), float(high)

    def __str__(self) -> str:
        if not self.of:
            return "–"
        low, high = self.interval
        return f"{self.hits} of {self.of} = {self.hits / self.of:.1%} ({low:.0%}–{high:.0%})"


def rate(items: Iterable[ItemT], hit: Callable[[ItemT], bool]) -> Rate:
    """Count the items for which something holds."""
    hits = [hit(item) for item in items]
    return Rate(sum(hits), len(hits))


def overall(answers: Sequence[Answer]) -> str:
    """Return the figures of a collection as a table in Markdown."""
    faulty = [item for item in answers if not item.healthy]
    healthy = [item for item in answers if item.healthy]
    rows = [
        ("cause is acceptable, all cases", rate(answers, lambda item: item.right)),
        ("cause is acceptable, cases with a change", rate(faulty, lambda item: item.right)),
        ("cause is the most precise one", rate(answers, lambda item: item.precise)),
        ("detected, where healthy is no right answer", rate([i for i in faulty if i.harmful], lambda item: item.alarm)),
        ("false alarms on healthy pairs", rate(healthy, lambda item: item.alarm)),
        ("a forbidden cause or action", rate(answers, lambda item: bool(item.forbidden))),
        ("retrain recommended although forbidden", rate(answers, lambda item: "retrain" in item.forbidden)),
        ("no answer", rate(answers, lambda item: item.failed)),
    ]
    seconds = sorted(item.seconds for item in answers)
    lines = ["| figure | share (95 % interval) |", "|---|---|"]
    lines += [f"| {label} | {share} |" for label, share in rows if share.of]
    return "\n".join([*lines, f"| seconds, median | {seconds[len(seconds) // 2]:.1f} |"])


def by(answers: Sequence[Answer], heading: str, group_of: Callable[[Answer], str]) -> str:
    """Return the figures of each group as a table in Markdown.

    Parameters
    ----------
    answers : sequence of Answer
        All answers.
    heading : str
        What the groups are.
    group_of : callable
        The group of an answer.

    Returns
    -------
    str
    """
    lines = [f"| {heading} | cases | acceptable | most precise | alarms | forbidden |", "|---|---|---|---|---|---|"]
    for group in sorted({group_of(item) for item in answers}):
        members = [item for item in answers if group_of(item) == group]
        counts = [sum(map(hit, members)) for hit in _HITS]
        lines.append(f"| {group} | {len(members)} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines)


def wrong(answers: Sequence[Answer]) -> str:
    """Return the cases with a wrong or forbidden answer, with the findings that decided, as Markdown."""
    lines = []
    for item in answers:
        if item.right and not item.forbidden:
            continue
        watch = f", watched: {item.suspected}" if item.suspected else ""
        lines.append(f"* **{item.case}** ({item.domain}, {item.kind}): {item.about}")
        lines.append(f"  * right: {' or '.join(item.accept)}; answer: **{item.cause}**{watch}, {item.confidence:.2f}")
        if item.forbidden:
            lines.append(f"  * forbidden: {', '.join(item.forbidden)}")
        lines += [f"  * `{text[:_LONGEST]}`" for text in item.decided_by]
        lines.append(f"  * all alerts: {_alerts(item)}")
    return "\n".join(lines) or "None."


def _alerts(item: Answer) -> str:
    """Return how many findings of each check alert of which cause first: what else could have decided."""
    alerts = [finding for finding in item.findings if finding["verdict"] == "alert"]
    counts = Counter((finding["check"], next(iter(finding["suggests"]), "no cause")) for finding in alerts)
    return ", ".join(f"{check} {count} × {cause}" for (check, cause), count in counts.most_common()) or "none"


_HITS: tuple[Callable[[Answer], bool], ...] = (
    lambda item: item.right,
    lambda item: item.precise,
    lambda item: item.alarm,
    lambda item: bool(item.forbidden),
)
