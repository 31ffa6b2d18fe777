"""The reports of three days in a real MLflow store: two as usual, and one whose labels are turned round."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from airmedic_core.monitor import publish_report
from airmedic_core.records import Assessment, Severity
from airmedic_core.reports.metric_names import BATCH_METRICS
from airmedic_core.workspace import Workspace
from tests.core.monitor.conftest import batch_of, change_days, opened, watch
from tests.core.renewals import day

LABELS_KNOWN = 20
"""Days until all labels are known."""


@pytest.fixture(scope="module")
def watched(adopted_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, list[str]]:
    import shutil

    home = tmp_path_factory.mktemp("watched") / "production"
    shutil.copytree(adopted_home, home, symlinks=True)
    ws = opened(home)

    def turned(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(**{ws.spec.target: 1 - rows[ws.spec.target], "tenure": rows["tenure"] + 1.0})

    change_days(ws, 33, 33, turned)
    runs = []
    for number in (31, 32, 33):
        watch(ws, number, as_of=day(number + LABELS_KNOWN))
        runs.append(publish_report(ws, batch_of(ws, number, day(number + LABELS_KNOWN))).run_id)
    return ws, runs


def assessment_of(ws: Workspace, run_id: str) -> Assessment:
    assessment = ws.ledger.assessment(ws.registry.client.get_run(run_id).data.tags["airmedic.batch_id"])
    assert assessment is not None
    return assessment


def page_of(ws: Workspace, run_id: str, folder: Path, name: str = "report.html") -> str:
    return Path(ws.registry.client.download_artifacts(run_id, name, str(folder))).read_text(encoding="utf-8")


def test_names_begin_with_what_matters(watched: tuple[Workspace, list[str]]) -> None:
    ws, runs = watched
    names = [ws.registry.client.get_run(run_id).info.run_name for run_id in runs]
    assert re.fullmatch(
        r"✔ healthy · nothing to do · AUC 0\.\d\d \([+−]0\.\d\d\) · 1 Feb · v1, adopted by anna", names[0]
    )
    # A label that is turned round is a fault of the data, or another relation: the checks decide, and the name follows.
    cause = assessment_of(ws, runs[2]).cause.words
    assert re.fullmatch(rf"✖ {cause} · not remedied yet, see its incident · AUC 0\.\d\d \(−0\.\d\d\) · 3 Feb", names[2])


def test_a_healthy_batch_says_its_metric_its_largest_move_and_what_is_usual(
    watched: tuple[Workspace, list[str]],
) -> None:
    ws, runs = watched
    note = ws.registry.client.get_run(runs[0]).data.tags["mlflow.note.content"]
    first_screen = note[:1_200]
    # Four lines, which MLflow shows without unfolding the rest.
    assert [line.partition(":")[0] for line in note.split("\n\n")[0].split("  \n")] == [
        "**What", "**What to do", "**Performance", "**Largest move"
    ]  # fmt: skip
    assert re.search(
        r"\| Performance \| AUC [\d.]+ \([\d.]+ … [\d.]+\), accepted: at least [\d.]+, usual: ", first_screen
    )
    assert re.search(r"\| Largest move \| `\w+` [+−±][\d.]+ [\w ]+, (within|beyond) the usual ±[\d.]+", first_screen)
    # Who decided, what is to be done, and what has happened before, for somebody who has seen nothing else.
    assert "# Healthy: nobody has to do anything" in first_screen
    assert "**What to do:** Nothing: nobody has to do anything. Who decided: v1, adopted by anna." in first_screen
    assert "| Who decided | Version 1, adopted by anna on 20" in first_screen
    assert "| Incidents | none so far |" in first_screen
    assert "| Rows | 60 (about 60 expected) |" in first_screen


def test_metrics_that_people_sort_by_have_stable_names(watched: tuple[Workspace, list[str]]) -> None:
    ws, runs = watched
    healthy, ill = (ws.registry.client.get_run(run_id).data for run_id in (runs[0], runs[2]))
    assert {name for name in healthy.metrics if "/" not in name} == set(BATCH_METRICS)
    assert {"findings/ok", "findings/alert", "performance/roc_auc"} <= set(healthy.metrics)
    severity = assessment_of(ws, runs[2]).severity
    assert severity in {Severity.HIGH, Severity.CRITICAL}
    assert (healthy.metrics["severity"], ill.metrics["severity"]) == (0, 3 if severity is Severity.HIGH else 4)
    assert ill.metrics["metric"] < ill.metrics["metric_limit"] <= healthy.metrics["metric"]
    assert ill.metrics["metric_change"] == pytest.approx(
        ill.metrics["metric"] - ws.registry.reference(ws.registry.champion(ws.spec.name)).performance["roc_auc"].value,
        abs=0.05,
    )
    assert ill.metrics["drift_of_usual"] > 1
    assert (ill.tags["airmedic.outcome"], ill.tags["airmedic.severity"]) == ("incident", severity)
    assert ill.tags["airmedic.metric"] == "roc_auc"


def test_the_page_holds_its_pictures_and_asks_for_nothing(watched: tuple[Workspace, list[str]], tmp_path: Path) -> None:
    ws, runs = watched
    page = page_of(ws, runs[2], tmp_path)
    assert len(page.encode()) < 500_000
    assert "AUC by window, higher is better" in page
    assert "Largest moves of inputs" in page
    assert "Columns, then and now" in page
    assert ">tenure</text>" in page
    assert "default-src 'none'" in page
    assert not re.findall(r"<(?:script|link|img|iframe|object|embed|base)\b|https?://|url\(", page)
    text = page_of(ws, runs[2], tmp_path, "report.md")
    assert "![metric](metric.svg)" in text
    for name in ("metric.svg", "moves.svg"):
        assert page_of(ws, runs[2], tmp_path, name).startswith("<svg xmlns=")


def test_tables_are_those_of_mlflow(watched: tuple[Workspace, list[str]]) -> None:
    ws, runs = watched
    ws.registry.make_current()  # MLflow's client asks the store of the process for tables
    experiment = ws.registry.experiment(ws.spec.name)
    findings = ws.registry.client.load_table(experiment, "findings.json", [runs[2]])
    assert findings.loc[0, "verdict"] == "alert"
    moves = ws.registry.client.load_table(experiment, "moves.json", [runs[2]])
    assert moves.loc[0, "column"] == "tenure"
    (history,) = ws.registry.client.search_runs([experiment], "tags.`airmedic.kind` = 'history'")
    windows = ws.registry.client.load_table(experiment, "windows.json", [history.info.run_id])
    assert list(windows["outcome"]) == ["incident", "healthy", "healthy"]


def test_history_has_a_step_for_each_window(watched: tuple[Workspace, list[str]], tmp_path: Path) -> None:
    ws, runs = watched
    experiment = ws.registry.experiment(ws.spec.name)
    (history,) = ws.registry.client.search_runs([experiment], "tags.`airmedic.kind` = 'history'")
    points = ws.registry.client.get_metric_history(history.info.run_id, "metric")
    steps = [point.step for point in points]
    assert steps == [steps[0], steps[0] + 1, steps[0] + 2]
    batches = [ws.registry.client.get_run(run_id).data.metrics["metric"] for run_id in runs]
    assert [point.value for point in points] == batches
    assert "AUC by window" in page_of(ws, history.info.run_id, tmp_path)
