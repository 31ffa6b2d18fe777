"""Incidents of other models at the same time: a common cause upstream is likelier than a coincidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import final

from airmedic_core.diagnose.case import Case
from airmedic_core.diagnose.collectors import Collector
from airmedic_core.diagnose.wording import counted, listed, plain
from airmedic_core.errors import AirmedicError
from airmedic_core.records import REQUESTED, Evidence, Incident, Verdict
from airmedic_core.sources import SOURCES
from airmedic_core.spec import ModelSpec, load_spec


@final
class Siblings(Collector):
    """A common cause upstream is likelier than a coincidence."""

    order = 90

    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield one fact if other models had an incident within one window's length that may have the same origin.

        That is one of the same kind, or one of any kind of a model whose rows come from the same place.
        """
        incident = case.incident
        reach = max(incident.window.end - incident.window.start, timedelta(days=1))
        at_once = [
            sibling
            for sibling in case.workspace.ledger.incidents(limit=100)
            if sibling.model != incident.model
            and sibling.fingerprint != REQUESTED
            and abs(sibling.as_of - incident.as_of) <= reach
        ]
        shared = {model: origin for model in {sibling.model for sibling in at_once} if (origin := _origin(case, model))}
        siblings = [sibling for sibling in at_once if _alike(incident, sibling, sibling.model in shared)]
        if not siblings:
            return
        models = sorted({sibling.model for sibling in siblings})
        from_there = [model for model in models if model in shared]
        named = f"{counted(len(models), 'other model')} had an incident"
        listing = f"at the same time ({listed([plain(model) for model in models])})"
        statement = f"{named} of the same kind {listing}, which points upstream."
        if from_there:
            count = "It reads" if len(models) == 1 else f"{len(from_there)} of them read"
            statement = f"{named} {listing}. {count} from {plain(shared[from_there[0]])} too, which points upstream."
        yield Evidence(
            id="",
            kind="siblings",
            collector="siblings",
            subject="fleet",
            statement=statement,
            value=float(len(models)),
            direction="changed",
            source="ledger, incidents",
            trust="recorded",
            verdict=Verdict.WATCH,
            details={"incidents": [sibling.id for sibling in siblings[:10]], "shared_upstream": len(from_there)},
        )


def _alike(incident: Incident, sibling: Incident, shared: bool) -> bool:
    both_in_the_data = sibling.cause.lies_in_data and incident.cause.lies_in_data
    return sibling.cause is incident.cause or both_in_the_data or (shared and not sibling.cause.traits.harmless)


def _origin(case: Case, model: str) -> str:
    """Return the pipeline, table or path that another model shares with this one; empty if there is none."""
    try:
        theirs = _origins(load_spec(case.workspace.settings.models / f"{model}.yaml"))
    except AirmedicError:
        # Its spec may be gone, or broken: nothing is known of its origin then.
        return ""
    return next((name for name in _origins(case.workspace.spec) if name in theirs), "")


def _origins(spec: ModelSpec) -> list[str]:
    return [name for name in (spec.upstream_dag, SOURCES.member(spec.data.source).origin(spec)) if name]
