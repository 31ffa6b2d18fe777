"""Says what came of training in the shadow, before anybody was asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.collectors.findings import from_finding
from airmedic_core.records import Evidence


@final
class Trials(Collector):
    """Says what came of training in the shadow, before anybody was asked."""

    order = 15

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield what a model that was trained on the newest batch's occasion would change."""
        if case.newest is None:
            return
        batch = case.newest.batch
        for finding in case.workspace.ledger.findings(batch.id, "trial"):
            yield from_finding(finding, "trial", str(batch.window), f"batch {batch.id}")
