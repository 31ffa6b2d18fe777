"""Says what language models were asked about an incident: a table for its report, and the traces beside its run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.reports.text import duration, moment, prose, table

if TYPE_CHECKING:
    from airmedic_core.ledger import LanguageModelCall
    from airmedic_core.workspace import Workspace

_log = logging.getLogger(__name__)
_MOST_TRACES = 100


def consultations_table(calls: Sequence[LanguageModelCall]) -> str:
    """Return the calls as a markdown table, oldest first; empty where there were none."""
    rows = [
        (
            moment(call.asked_at),
            prose(call.engine, 40),
            prose(call.manifest.get("role", "diagnoser"), 20),
            prose(call.outcome.replace("_", " "), 30),
            f"{call.input_tokens:,} in, {call.output_tokens:,} out",
            f"{call.usd:.4f}",
            duration(call.seconds),
            f"{int(call.manifest.get('bytes', 0)):,}",
        )
        for call in reversed(calls)
    ]
    header = ("Asked", "Engine", "Role", "Outcome", "Tokens", "USD", "Took", "Bytes sent")
    return table(header, rows)


def link_traces(ws: Workspace, incident_id: str, run_id: str) -> int:
    """Show the traces of an incident's calls beside its run, and return how many there are.

    Observability never stands in the way of a report: where MLflow does not answer, a warning is logged.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident_id : str
        The incident.
    run_id : str
        The MLflow run of its report.
    """
    try:
        import mlflow

        experiment = ws.registry.experiment(ws.spec.name)
        mlflow.set_tracking_uri(ws.settings.tracking_uri)
        traces = mlflow.search_traces(
            locations=[experiment],
            filter_string=f"tags.`airmedic.incident_id` = '{incident_id}'",
            max_results=_MOST_TRACES,
            include_spans=False,
            return_type="list",
        )
        ids = [trace.info.trace_id for trace in traces]
        if ids:
            ws.registry.client.link_traces_to_run(ids, run_id)
        return len(ids)
    except Exception as error:  # noqa: BLE001 - MLflow raises many kinds, and none may stop a report
        _log.warning("The traces of %s could not be linked: %s.", incident_id, type(error).__name__)
        return 0
