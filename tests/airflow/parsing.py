"""DAG files as Airflow's DAG processor makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

BETA = "name: beta\ntask: binary\ntarget: y\ndata: {path: /x.csv, time_column: at}\n"
"""A second spec, beside that of the folder's."""
DAGS = Path(__file__).resolve().parents[2] / "dags"


def parse(name: str) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
    """Return DAGs, import errors and serialised DAGs of a DAG file, as Airflow's DAG processor makes them."""
    import structlog
    from airflow.dag_processing.dagbag import DagBag
    from airflow.dag_processing.processor import _serialize_dags

    bag = DagBag(DAGS / name, bundle_path=DAGS)
    serialised, errors = _serialize_dags(bag, structlog.get_logger())
    return bag.dags, {**bag.import_errors, **errors}, {dag.dag_id: dag.data for dag in serialised}
