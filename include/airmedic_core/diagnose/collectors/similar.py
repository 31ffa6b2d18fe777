"""Past incidents like this one: remembered ones with the same alarms first, then written ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from airmedic_core.diagnose.case import Case, likely_causes
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.wording import plain, sentence
from airmedic_core.knowledge import Section
from airmedic_core.knowledge.remember import Memory, likeness
from airmedic_core.records import Evidence

MOST = 3
LIKE_LEAST = 0.3
"""Share of common alarms from which a remembered incident counts as similar."""


@final
class Similar(Collector):
    """Remembered ones with the same alarms first, then written ones."""

    order = 110

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield the incidents that were most like this one, with what was done and whether it held."""
        alarms = [f"{finding.check}:{finding.subject}" for finding in case.abnormal]
        if not alarms:
            return
        known = [
            (likeness(alarms, memory.signature), memory)
            for memory in case.memories
            if memory.incident.fingerprint != case.incident.fingerprint
        ]
        known.sort(key=lambda pair: -pair[0])
        remembered = [(like, memory) for like, memory in known if like >= LIKE_LEAST][:MOST]
        for like, memory in remembered:
            yield _remembered(like, memory)
        for section in _written(case, alarms, MOST - len(remembered)):
            yield _example(section)


def _remembered(like: float, memory: Memory) -> Evidence:
    return Evidence(
        id="",
        kind="similar",
        collector="similar",
        subject=memory.incident.id,
        statement=sentence(f"A similar incident of {plain(memory.incident.model)} was {plain(memory.sentence, 160)}"),
        value=round(like, 3),
        unit="fraction",
        window=str(memory.incident.window),
        source=f"incident {memory.incident.id}",
        trust="recorded",
        details={"cause": memory.incident.cause.value, "action": memory.action, "outcome": memory.outcome},
    )


def _written(case: Case, alarms: list[str], most: int) -> Iterator[Section]:
    told = [finding.message for finding in case.abnormal[:6]]
    question = " ".join(plain(text.replace(":", " "), 200) for text in [*alarms[:8], *told])
    seen: set[str] = set()
    for cause in likely_causes(case, 1):
        for hit in case.library.search(question, kind="incident", cause=cause.value, limit=12).hits:
            section = hit.section
            if len(seen) >= most:
                return
            if section.anchor and section.source not in seen:
                seen.add(section.source)
                yield section


def _example(section: Section) -> Evidence:
    cause = section.causes[0] if section.causes else "unknown"
    shown = plain(cause).replace("_", " ")
    origin = "A written example" if section.facts.get("example") else "A written incident"
    action = plain(str(section.facts.get("action", ""))).replace("_", " ")
    done = f"; {action} {plain(str(section.facts.get('outcome', '')))}" if action else ""
    return Evidence(
        id="",
        kind="similar",
        collector="similar",
        subject=str(section.facts.get("id") or section.source),
        statement=sentence(f"{origin} is alike: {plain(section.document, 100)} ({shown}{done})"),
        source=f"incidents/{section.source}",
        trust="written",
        details={"cause": cause, "example": bool(section.facts.get("example"))},
    )
