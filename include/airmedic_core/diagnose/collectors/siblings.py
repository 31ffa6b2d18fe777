"""Incidents of other models at the same time: a common cause upstream is likelier than a coincidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.wording import counted, listed, plain
from airmedic_core.records import DATA_CAUSES, Evidence, Verdict

ORDER = 90


def collect(case: Case) -> Iterator[Evidence]:
    """Yield one fact if other models had an incident of the same kind within one window's length."""
    incident = case.incident
    reach = max(incident.window.end - incident.window.start, timedelta(days=1))
    others = [
        other
        for other in case.workspace.ledger.incidents(limit=100)
        if other.model != incident.model
        and abs(other.as_of - incident.as_of) <= reach
        and (other.cause is incident.cause or (other.cause in DATA_CAUSES and incident.cause in DATA_CAUSES))
    ]
    if not others:
        return
    models = sorted({other.model for other in others})
    yield Evidence(
        id="",
        kind="siblings",
        collector="siblings",
        subject="fleet",
        statement=(
            f"{counted(len(models), 'other model')} had an incident of the same kind at the same time "
            f"({listed([plain(model) for model in models])}), which points upstream."
        ),
        value=float(len(models)),
        direction="changed",
        source="ledger, incidents",
        trust="recorded",
        verdict=Verdict.WATCH,
        details={"incidents": [other.id for other in others[:10]]},
    )
