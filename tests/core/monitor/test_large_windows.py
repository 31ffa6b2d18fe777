"""Windows of more rows than are read: their profile comes from where they are, and the verdicts stay the same."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlalchemy

from airmedic_core.monitor.context import open_context
from airmedic_core.records import Cause, Finding, Verdict
from airmedic_core.training.adopt import adopt
from airmedic_core.workspace import Workspace
from tests.core.monitor.conftest import batch_of, opened, watch
from tests.core.renewals import renewals, workspace

pytestmark = pytest.mark.slow

PER_DAY = 1600
SAMPLE_ROWS = 1000
WATCHED = range(8, 12)
HEALTHY, BROKEN, MOVED, REPEATED = WATCHED
SHORT: dict[str, Any] = {
    "reference": {"start": "2026-01-01", "end": "2026-01-07"},
    "retrain": {"window": "6 days"},
}


def faulty() -> pd.DataFrame:
    """Days of production: an ordinary one, one with a sentinel, one with moved inputs, one delivered again."""
    rows = renewals(days=max(WATCHED) + 1, per_day=PER_DAY)
    of = np.arange(len(rows)) // PER_DAY
    third = np.arange(len(rows)) % 3 == 0
    rows["usage"] = rows["usage"].mask((of == BROKEN) & third, -999.0)
    rows["tenure"] += np.where(of == MOVED, 3.0, 0.0)
    again = rows[of == HEALTHY].copy()
    for name in ("at", "known_at"):
        again[name] += pd.Timedelta(days=REPEATED - HEALTHY)
    return pd.concat([rows[of < REPEATED], again], ignore_index=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A champion of the first six days. Tests copy it."""
    folder = tmp_path_factory.mktemp("large")
    adopt(workspace(folder, faulty(), **SHORT), by="anna")
    return folder


def production(home: Path, folder: Path, data: dict[str, Any]) -> Workspace:
    shutil.copytree(home, folder, symlinks=True)
    return opened(folder, **SHORT, data={"time_column": "at", **data})


def judged(ws: Workspace) -> tuple[list[tuple[str, str]], dict[str, Finding]]:
    """Watch the days, and return what they are and all findings."""
    verdicts, findings = [], {}
    for number in WATCHED:
        assessment = watch(ws, number)
        verdicts.append((assessment.outcome, str(assessment.cause)))
        findings |= {f"{number}:{finding.key}": finding for finding in ws.ledger.findings(assessment.batch_id)}
    return verdicts, findings


@pytest.fixture(scope="module")
def whole(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[tuple[str, str]], dict[str, Finding]]:
    """What is found where all rows are read."""
    folder = tmp_path_factory.mktemp("whole") / "production"
    return judged(production(home, folder, {"path": str(folder / "rows.parquet")}))


def same_as(whole: tuple[list[tuple[str, str]], dict[str, Finding]], ws: Workspace) -> dict[str, Finding]:
    """Assert equal verdicts, and for what profiles say equal numbers; return the findings."""
    verdicts, findings = judged(ws)
    assert verdicts == whole[0]
    drift = {key: finding for key, finding in whole[1].items() if finding.check == "drift"}
    assert drift
    for key, expected in drift.items():
        finding = findings[key]
        assert (finding.verdict, finding.sample_size) == (expected.verdict, expected.sample_size), key
        assert finding.effect == pytest.approx(expected.effect, rel=1e-6, abs=1e-9), key
        assert finding.p_value == pytest.approx(expected.p_value, rel=1e-6, abs=1e-12), key
    return findings


def test_the_days_are_what_they_were_made(whole: tuple[list[tuple[str, str]], dict[str, Finding]]) -> None:
    causes = [Cause.HEALTHY, Cause.DATA_CORRUPTION, Cause.HARMLESS_COVARIATE_SHIFT, Cause.STALE_DATA]
    assert [cause for _, cause in whole[0]] == causes
    assert not any(finding.statistic == "sampled_rows" for finding in whole[1].values())


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv.gz"])
def test_a_large_file_is_streamed(
    name: str, home: Path, whole: tuple[list[tuple[str, str]], dict[str, Finding]], tmp_path: Path
) -> None:
    folder = tmp_path / "production"
    ws = production(home, folder, {"path": str(folder / name), "sample_rows": SAMPLE_ROWS})
    if name.endswith(".gz"):
        pd.read_parquet(folder / "rows.parquet").to_csv(folder / name, index=False)
    findings = same_as(whole, ws)
    says = findings[f"{HEALTHY}:volume:batch:sampled_rows"]
    assert (says.verdict, says.sample_size) == (Verdict.OK, PER_DAY)
    assert says.value == pytest.approx(SAMPLE_ROWS, rel=0.01)
    # A window that came twice is known by its counts: which single rows did, a sample cannot tell.
    assert findings[f"{REPEATED}:freshness:batch:repeated_rows"].value == 1.0


def test_duckdb_computes_the_profile(
    home: Path, whole: tuple[list[tuple[str, str]], dict[str, Finding]], tmp_path: Path
) -> None:
    with duckdb.connect(str(tmp_path / "rows.duckdb")) as connection:
        connection.register("frame", pd.read_parquet(home / "rows.parquet"))
        connection.execute("CREATE TABLE renewals AS SELECT * FROM frame")
    place = {"source": "sql", "connection": f"duckdb://{tmp_path / 'rows.duckdb'}", "table": "renewals"}
    same_as(whole, production(home, tmp_path / "production", {**place, "sample_rows": SAMPLE_ROWS}))


@pytest.mark.postgres
def test_postgres_computes_the_profile(
    home: Path, whole: tuple[list[tuple[str, str]], dict[str, Finding]], tmp_path: Path, postgres: str
) -> None:
    engine = sqlalchemy.create_engine(postgres.replace("postgres://", "postgresql+psycopg://"))
    pd.read_parquet(home / "rows.parquet").to_sql("renewals", engine, index=False, method="multi", chunksize=2000)
    engine.dispose()
    place = {"source": "sql", "connection": postgres, "table": "renewals"}
    same_as(whole, production(home, tmp_path / "production", {**place, "sample_rows": SAMPLE_ROWS}))


def test_the_sample_is_the_same_each_time(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "production"
    ws = production(home, folder, {"path": str(folder / "rows.parquet"), "sample_rows": SAMPLE_ROWS})
    first, second = (open_context(ws, batch_of(ws, HEALTHY)) for _ in range(2))
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert first.profile.rows == PER_DAY
    assert first.profile.scores is not None
    assert first.profile.scores.scores.rows == len(first.frame) == first.rows_seen < PER_DAY
