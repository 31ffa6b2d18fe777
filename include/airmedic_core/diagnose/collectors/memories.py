"""Says what past incidents add up to, for the model and for the fleet, in place of their logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import final

from airmedic_core.diagnose.case import Case, likely_causes
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.wording import counted, sentence
from airmedic_core.knowledge.remember import HELD, Memory, summary_of
from airmedic_core.records import Evidence

MOST_ACTIONS = 3
_TREND = timedelta(days=30)


@final
class Memories(Collector):
    """Says what past incidents add up to, for the model and for the fleet, in place of their logs."""

    order = 105

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield a summary of the past of model and fleet, how often incidents come, and what held against this one."""
        mine = [memory for memory in case.memories if memory.incident.model == case.incident.model]
        if mine:
            yield _summary("model", mine)
            yield _trend(case, mine)
        if len(case.memories) > len(mine):
            yield _summary("fleet", case.memories)
        for cause in likely_causes(case, 1):
            yield from _held(case, cause.value)


def _summary(subject: str, recalled: Sequence[Memory]) -> Evidence:
    whose = "This model" if subject == "model" else "The fleet"
    return _fact(subject, f"{whose} has had {summary_of(recalled)}".removesuffix("."), value=len(recalled))


def _trend(case: Case, mine: Sequence[Memory]) -> Evidence:
    now = case.incident.opened_at
    ages = [now - memory.incident.opened_at for memory in mine]
    lately = sum(age <= _TREND for age in ages)
    before = sum(_TREND < age <= 2 * _TREND for age in ages)
    text = f"{counted(lately, 'incident')} of this model in the last {_TREND.days} days, {before} in those before"
    return _fact("model", text, value=lately, baseline=before, details={"days": _TREND.days})


def _held(case: Case, cause: str) -> Iterator[Evidence]:
    alike = [memory for memory in case.memories if memory.incident.cause.value == cause and memory.action]
    tried = Counter(memory.action for memory in alike)
    for action, count in tried.most_common(MOST_ACTIONS):
        held = sum(memory.action == action and memory.outcome == HELD for memory in alike)
        text = f"Against {cause.replace('_', ' ')}, {action.replace('_', ' ')} held in {held} of {count} past incidents"
        details: dict[str, object] = {"cause": cause, "action": action}
        yield _fact("fleet", text, value=held / count, sample_size=count, unit="fraction", details=details)


def _fact(subject: str, text: str, **more: object) -> Evidence:
    return Evidence(
        id="",
        kind="memory",
        collector="memory",
        subject=subject,
        statement=sentence(text),
        source="ledger, closed incidents",
        trust="recorded",
        **more,  # type: ignore[arg-type]
    )
