"""The profile that Spark computes equals the one computed here. `make spark` installs PySpark and runs this."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from airmedic_core.profile import Edges, build_profile
from airmedic_core.sources import count_rows, open_window, read_sample, read_window
from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.windows import Window
from tests.core.profile.test_pushdown import awkward_rows, close

pytestmark = [
    pytest.mark.spark,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    # PySpark leaves its sockets to the collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

WINDOW = Window("2026-01-03", "2026-01-05")
MEASURES = {"score": "score", "label": "left", "loss": "loss"}
OPTIONS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.session.timeZone": "Asia/Tokyo",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Spark in a process of its own on loopback, started by the first connection."""
    pytest.importorskip("pyspark", reason="PySpark is not installed; `make spark` does it")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs a Java, which is not on the path")
    places = {"spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse"))}
    words = " ".join(f"--conf {key}={value}" for key, value in (OPTIONS | places).items())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", f"--master local[1] {words} pyspark-shell")
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        yield


@pytest.fixture(scope="module")
def rows(reference_rows: pd.DataFrame) -> pd.DataFrame:
    return awkward_rows(reference_rows)


@pytest.fixture(scope="module")
def in_spark(rows: pd.DataFrame, spark: None, tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    """The rows as a file that Spark reads, by URL as any other database."""
    path: Path = tmp_path_factory.mktemp("spark") / "visits.parquet"
    rows.assign(day=rows["day"].astype("datetime64[us, UTC]")).to_parquet(path, index=False)
    query = f"SELECT * FROM parquet.`{path}`"  # noqa: S608  the test's own file
    data = {"source": "sql", "connection": "pyspark://", "query": query, "time_column": "day", "sample_rows": 1000}
    return parse_spec({"name": "churn", "task": "binary", "target": "left", "data": data})


def test_spark_gives_the_same_profile(edges: Edges, rows: pd.DataFrame, in_spark: ModelSpec) -> None:
    with open_window(in_spark, None) as table:
        profile = build_profile(edges, table, **MEASURES)
    close(profile.to_json(), build_profile(edges, rows, **MEASURES).to_json())


def test_spark_gives_the_same_window(edges: Edges, rows: pd.DataFrame, in_spark: ModelSpec) -> None:
    inside = rows[(rows["day"] >= WINDOW.start) & (rows["day"] < WINDOW.end)]
    assert count_rows(in_spark, WINDOW) == len(inside)
    assert read_window(in_spark, WINDOW)["day"].tolist() == inside["day"].tolist()
    with open_window(in_spark, WINDOW) as table:
        profile = build_profile(edges, table, window=WINDOW)
    close(profile.to_json(), build_profile(edges, inside, window=WINDOW).to_json())


def test_spark_gives_a_sample(rows: pd.DataFrame, in_spark: ModelSpec) -> None:
    first, second = (read_sample(in_spark, None, columns=["age"], rows=2 * len(rows)) for _ in range(2))
    assert len(first) == pytest.approx(1000 / 2, abs=5)
    pd.testing.assert_frame_equal(first, second)
