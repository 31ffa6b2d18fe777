"""The sections of the team's runbooks that apply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from airmedic_core.diagnose.case import Case, likely_causes
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.wording import plain
from airmedic_core.knowledge import Section
from airmedic_core.records import Evidence

MOST = 4


@final
class Runbooks(Collector):
    """The sections of the team's runbooks that apply."""

    order = 120

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield the section for each likely cause, then what else answers the alarms."""
        case.gaps.extend(plain(problem, 200) for problem in case.library.problems)
        causes = likely_causes(case, 2)
        candidates = [case.library.section(cause.traits.runbook) for cause in causes]
        told = " ".join(plain(finding.message, 200) for finding in case.abnormal[:6])
        answer = case.library.search(told, kind="runbook", model=case.incident.model)
        candidates += [hit.section for hit in answer.hits] if answer.answered else []
        sections = {section.address: section for section in candidates if section is not None}
        for section in list(sections.values())[:MOST]:
            yield _evidence(section)
        if not sections and causes:
            case.gaps.append("No runbook section is about what alarms.")


def _evidence(section: Section) -> Evidence:
    return Evidence(
        id="",
        kind="runbook",
        collector="runbooks",
        subject=section.address,
        statement=f"The runbook on {plain(section.document).lower()} says what to do under {plain(section.title)}.",
        source=f"runbooks/{section.address}",
        trust="written",
    )
