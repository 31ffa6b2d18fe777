"""Says what a check tells OpenLineage of a batch: its rows, its columns, and what was found in order and what was not.

Airflow's provider asks for it after a task. Nothing here is imported where that provider is not installed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airmedic_core.records import ABNORMAL, Batch, Finding, Json, Verdict

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airmedic_core.spec import ModelSpec
    from airmedic_core.windows import Window
    from airmedic_core.workspace import Workspace


def lineage_of(ws: Workspace, batch: Batch, group: str) -> OperatorLineage:
    """Return the batch as an input with the facets of data quality. Private columns are left out.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The batch.
    group : str
        The group of checks that the task has run. With the checks of the data come the metrics of the columns.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import data_quality_assertions_dataset, data_quality_metrics_input_dataset

    from airmedic_core.monitor.past import kept_columns

    columns = {
        name: totals for name, totals in kept_columns(ws.settings, batch).items() if not ws.spec.is_private(name)
    }
    facets: dict[str, Any] = {
        "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            assertions=[
                data_quality_assertions_dataset.Assertion(assertion=assertion, success=success, column=column)
                for assertion, column, success in _assertions(ws.ledger.findings(batch.id, group), columns)
            ]
        )
    }
    if group == "data":
        metrics = data_quality_metrics_input_dataset.ColumnMetrics
        facets["dataQualityMetrics"] = data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
            rowCount=batch.rows, columnMetrics={name: metrics(**_metrics(totals)) for name, totals in columns.items()}
        )
    namespace, name = dataset_of(ws.spec, batch.window)
    return OperatorLineage(inputs=[InputDataset(namespace=namespace, name=name, inputFacets=facets)])


def dataset_of(spec: ModelSpec, window: Window) -> tuple[str, str]:
    """Return the namespace and the name of the rows of a window, as OpenLineage names files and tables.

    Logins and passwords are in neither.

    Parameters
    ----------
    spec : ModelSpec
        Where the rows are.
    window : Window
        The window, which may be in the name of its file.
    """
    from airmedic_core.reading.places import paths_of

    data = spec.data
    if data.path:
        place = urlsplit(paths_of(spec, window)[0])
        if place.scheme in {"", "file"}:
            return "file", str(Path(place.path).absolute())
        return f"{place.scheme}://{place.netloc.rpartition('@')[2]}", place.path.lstrip("/")
    place = urlsplit(os.environ.get(f"AIRFLOW_CONN_{data.connection.upper()}", data.connection))
    server = place.netloc.rpartition("@")[2]
    table = data.table or f"query_of_{spec.name}"
    if not place.scheme:
        return "airmedic", f"{data.connection}.{table}" if data.connection else spec.name
    database = place.path.strip("/").replace("/", ".")
    return f"{place.scheme}://{server}" if server else place.scheme, f"{database}.{table}" if database else table


def _assertions(findings: Sequence[Finding], columns: Json) -> Iterator[tuple[str, str | None, bool]]:
    """Yield each statistic of a check once for each column, and whether all its findings are in order.

    Subjects that are no columns, such as segments, hold values of rows, and are one with the batch.
    """
    told: dict[tuple[str, str | None], bool] = {}
    for finding in findings:
        if finding.verdict is Verdict.UNKNOWN:
            continue
        key = (f"{finding.check}.{finding.statistic}", finding.subject if finding.subject in columns else None)
        told[key] = told.get(key, True) and finding.verdict not in ABNORMAL
    for (assertion, column), success in told.items():
        yield assertion, column, success


def _metrics(totals: Json) -> Json:
    """Return what OpenLineage calls the sums of a column's profile."""
    numbers = {"sum": "total", "min": "minimum", "max": "maximum"} if totals["kind"] == "numeric" else {}
    values = {name: totals[mine] for name, mine in numbers.items() if totals.get(mine) is not None}
    return {"count": totals["rows"], "nullCount": totals["nulls"], **values}
