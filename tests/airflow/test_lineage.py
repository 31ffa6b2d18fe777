"""What OpenLineage is told of a batch, in the provider's own classes. Skipped where the provider is not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window
from tests.airflow.production import meter
from tests.airflow.tasks import context_of, day_batch

DAY = Window(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


def lineage_of(index: int, group: str) -> Any:
    """Run a group of checks on a day, and return what the provider gets from the operator."""
    from airmedic.operators.data_quality import DataQualityOperator
    from airmedic.operators.drift_check import DriftCheckOperator

    kind = {"data": DataQualityOperator, "drift": DriftCheckOperator}[group]
    operator = kind(task_id="check", model="meter", batch=day_batch(index))
    operator.execute(context_of(operator))
    from airflow.providers.openlineage.extractors.base import DefaultExtractor

    return DefaultExtractor(operator).extract_on_complete(None)


def event_of(lineage: Any) -> dict[str, Any]:
    """Return a run's event as it is sent, which validates the facets."""
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
    from openlineage.client.serde import Serde

    event = RunEvent(
        eventType=RunState.COMPLETE,
        eventTime="2026-02-01T00:00:00Z",
        run=Run(runId="019496d0-0000-7000-8000-000000000000"),
        job=Job(namespace="airflow", name="monitor__meter.check"),
        producer="https://airflow.apache.org",
        inputs=lineage.inputs,
    )
    sent: dict[str, Any] = json.loads(Serde.to_json(event))
    return sent


@pytest.fixture
def provider() -> None:
    pytest.importorskip("airflow.providers.openlineage", reason="the provider for OpenLineage is not installed")


@pytest.mark.usefixtures("provider")
def test_the_checks_of_the_data_tell_rows_columns_and_assertions(adopted: Path) -> None:
    (sent,) = event_of(lineage_of(21, "data"))["inputs"]
    # The adopted home is a copy: its spec names the file that the rows were written to.
    path = ModelSpec.model_validate(_plain(adopted)).data.path
    assert (sent["namespace"], sent["name"]) == ("file", path)
    rows = pd.read_csv(path, parse_dates=["at"])
    rows = rows[rows["at"].dt.floor("D") == pd.Timestamp(meter.day(21)["window_start"])]
    metrics = sent["inputFacets"]["dataQualityMetrics"]
    assert metrics["rowCount"] == len(rows) == 144
    load = metrics["columnMetrics"]["load"]
    assert (load["count"], load["nullCount"]) == (144, 0)
    assert [load[name] for name in ("sum", "min", "max")] == pytest.approx(
        [rows["load"].sum(), rows["load"].min(), rows["load"].max()]
    )
    assertions = sent["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert {"corruption.columns", "schema.columns", "volume.rows"} <= {
        assertion["assertion"] for assertion in assertions
    }
    assert all(assertion["success"] for assertion in assertions)


@pytest.mark.usefixtures("provider")
def test_the_checks_of_drift_tell_their_assertions_alone(adopted: Path) -> None:
    (sent,) = event_of(lineage_of(21, "drift"))["inputs"]
    assert set(sent["inputFacets"]) == {"dataQualityAssertions"}
    told = sent["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert {assertion.get("column") for assertion in told} >= {"load", "heat"}


@pytest.mark.usefixtures("provider")
def test_what_is_private_or_holds_a_value_is_not_told(adopted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.lineage import _assertions
    from airmedic_core.records import Finding, Verdict

    findings = [
        Finding("performance", "hotel=City Hotel", "mae", Verdict.OK),
        Finding("performance", "hotel=Resort Hotel", "mae", Verdict.ALERT),
        Finding("drift", "load", "mean", Verdict.WATCH),
        Finding("drift", "heat", "mean", Verdict.UNKNOWN),
    ]
    assert list(_assertions(findings, {"load": {}, "heat": {}})) == [
        ("performance.mae", None, False),
        ("drift.mean", "load", False),
    ]
    monkeypatch.setattr(ModelSpec, "is_private", lambda spec, subject: subject == "load")
    (sent,) = event_of(lineage_of(22, "data"))["inputs"]
    assert "load" not in json.dumps(sent["inputFacets"])
    assert "heat" in sent["inputFacets"]["dataQualityMetrics"]["columnMetrics"]


@pytest.mark.parametrize(
    ("data", "namespace", "name"),
    [
        ({"path": "/rows/{window_start:%Y-%m-%d}.csv"}, "file", "/rows/2026-01-31.csv"),
        ({"path": "s3://key:secret@rows/churn/{window_start:%Y}.parquet"}, "s3://rows", "churn/2026.parquet"),
        (
            {"source": "sql", "connection": "postgres://anna:secret@db:5432/shop", "table": "public.rows"},
            "postgres://db:5432",
            "shop.public.rows",
        ),
        ({"source": "sql", "connection": "warehouse", "table": "rows"}, "postgres://db", "shop.rows"),
        ({"source": "sql", "connection": "elsewhere", "query": "SELECT 1"}, "airmedic", "elsewhere.query_of_churn"),
    ],
)
def test_rows_have_the_name_that_openlineage_gives_files_and_tables(
    data: dict[str, str], namespace: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airmedic.lineage import dataset_of

    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://anna:secret@db/shop")
    plain = {"name": "churn", "task": "binary", "target": "left", "data": {**data, "time_column": "at"}}
    assert dataset_of(ModelSpec.model_validate(plain), DAY) == (namespace, name)


def test_nothing_of_openlineage_is_imported_by_the_operators() -> None:
    code = (
        "import sys\n"
        "import airmedic.operators.data_quality, airmedic.lineage\n"
        "print(sorted(name for name in sys.modules if name.startswith('openlineage')))\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def _plain(home: Path) -> Any:
    import yaml

    return yaml.safe_load((home / "models" / "meter.yaml").read_text())
