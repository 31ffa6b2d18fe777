"""Says how often this model's data was at fault before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import final

from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.wording import counted, listed
from airmedic_core.records import Evidence


@final
class QualityHistory(Collector):
    """Says how often this model's data was at fault before."""

    order = 70

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield the share of earlier windows that were assessed with a data cause."""
        earlier = [
            seen.assessment
            for seen in case.observed
            if seen.assessment is not None and seen.batch.id not in case.incident.batch_ids
        ]
        if not earlier:
            return
        faults = Counter(assessed.cause for assessed in earlier if assessed.cause.lies_in_data)
        total = sum(faults.values())
        kinds = listed([f"{cause.words} {count}" for cause, count in faults.most_common()])
        yield Evidence(
            id="",
            kind="quality_history",
            collector="quality_history",
            subject="batch",
            statement=(
                f"{total} of {counted(len(earlier), 'earlier window')} had a fault in the data"
                + (f" ({kinds})." if faults else ".")
            ),
            value=total / len(earlier),
            unit="fraction",
            sample_size=len(earlier),
            source="ledger, assessments",
            trust="recorded",
            details={cause.value: count for cause, count in faults.items()},
        )
