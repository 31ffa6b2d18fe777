"""On which day of the week a problem began: some feeds break on Sundays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.records import Evidence


@final
class Weekday(Collector):
    """The day of the week of the incident's window."""

    order = 200

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield one fact."""
        start = case.incident.window.start
        yield Evidence(
            id="",
            kind="calendar",
            collector="weekday",
            subject="batch",
            statement=f"The window began on a {start:%A}.",
            window=str(case.incident.window),
            source="the calendar",
            details={"weekday": start.isoweekday()},
        )
