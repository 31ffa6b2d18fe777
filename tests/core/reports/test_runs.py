from __future__ import annotations

import re
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from airmedic_core.errors import AirmedicError, RegistryUnavailableError
from airmedic_core.registry import Registry
from airmedic_core.reports.runs import CONTENT_TAG, Point, RunContent, metric_key, write_run
from airmedic_core.workspace import Workspace

CONTENT = RunContent(
    identity=("airmedic.test", "one"), name="one", note="# One", points=(Point("rows", 3.0, 7, 1_000),)
)


def write_file(folder: Path) -> None:
    (folder / "page.md").write_text("page")


def runs(ws: Workspace) -> list[object]:
    return list(ws.registry.client.search_runs([ws.registry.experiment("churn")]))


def test_the_same_identity_is_the_same_run(ws: Workspace) -> None:
    first = write_run(ws, CONTENT, write_file)
    changed = replace(CONTENT, note="# Two")
    assert write_run(ws, changed, write_file) == first
    assert ws.registry.client.get_run(first.run_id).data.tags["mlflow.note.content"] == "# Two"
    assert len(runs(ws)) == 1


def test_a_failure_while_drawing_leaves_nothing(ws: Workspace) -> None:
    def fail(_: Path) -> None:
        raise ValueError("ink")

    with pytest.raises(ValueError, match="ink"):
        write_run(ws, CONTENT, fail)
    assert runs(ws) == []


def test_a_run_that_was_cut_off_is_repaired(ws: Workspace) -> None:
    first = write_run(ws, CONTENT, write_file)
    # What a killed process leaves behind: a run that has not ended, without the hash that is set last.
    ws.registry.client.delete_tag(first.run_id, CONTENT_TAG)
    ws.registry.client.update_run(first.run_id, status="RUNNING")
    assert write_run(ws, CONTENT, write_file) == first
    assert ws.registry.client.get_run(first.run_id).info.status == "FINISHED"


def test_what_mlflow_refuses_leaves_no_new_run(ws: Workspace) -> None:
    refused = replace(CONTENT, points=(Point("not a name: #", 1.0, 0, 0),))
    with pytest.raises(AirmedicError):
        write_run(ws, refused, write_file)
    assert runs(ws) == []


def test_a_failed_rewrite_marks_the_run_and_the_next_attempt_repairs_it(ws: Workspace) -> None:
    first = write_run(ws, CONTENT, write_file)
    with pytest.raises(AirmedicError):
        write_run(ws, replace(CONTENT, note="x", points=(Point("not a name: #", 1.0, 0, 0),)), write_file)
    assert ws.registry.client.get_run(first.run_id).info.status == "FAILED"
    assert write_run(ws, CONTENT, write_file) == first
    assert ws.registry.client.get_run(first.run_id).info.status == "FINISHED"


def test_mlflow_down_is_transient_and_names_what_to_do(ws: Workspace) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    settings = replace(ws.settings, tracking_uri=f"http://user:secret@127.0.0.1:{port}")
    down = Workspace(ws.spec, settings, ws.ledger, Registry(settings.tracking_uri, ws.ledger))
    with pytest.raises(RegistryUnavailableError, match="MLFLOW_TRACKING_URI") as caught:
        write_run(down, CONTENT, write_file)
    assert "secret" not in str(caught.value)
    assert caught.value.transient


def test_metric_names_keep_to_what_mlflow_takes() -> None:
    assert metric_key("drift", "psi", "age in years") == "drift/psi/age in years"
    assert re.fullmatch(r"drift/psi/gr__e_m_-[0-9a-f]{8}", metric_key("drift", "psi", "größe/m²"))
    assert len(metric_key("drift", "psi", "a" * 250)) == 250


@pytest.mark.parametrize(
    ("column", "other"), [("größe", "grüße"), ("a/b", "a_b"), ("a" * 300, "a" * 301), ("größe", "gr__e")]
)
def test_no_two_columns_share_a_metric(column: str, other: str) -> None:
    assert metric_key("drift", "psi", column) != metric_key("drift", "psi", other)


def test_a_value_that_falls_is_the_one_that_mlflow_shows(ws: Workspace) -> None:
    def content(*points: Point) -> RunContent:
        return replace(CONTENT, points=points, written_again=True)

    before, after = Point("history/auc", 0.8, 5, 1_000), Point("history/auc", 0.6, 5, 1_000)
    run_id = write_run(ws, content(before), write_file).run_id
    for points in ((after,), (after, Point("open", 1.0, 0, 1_000))):
        assert write_run(ws, content(*points), write_file).run_id == run_id
        assert ws.registry.client.get_run(run_id).data.metrics["history/auc"] == 0.6
    # What stands as it was is not written a second time.
    assert [point.value for point in ws.registry.client.get_metric_history(run_id, "history/auc")] == [0.8, 0.6]


def test_a_long_description_ends_between_two_lines(ws: Workspace) -> None:
    report = write_run(ws, replace(CONTENT, note="| a row of a table |\n" * 1_000), write_file)
    note = ws.registry.client.get_run(report.run_id).data.tags["mlflow.note.content"]
    assert len(note) <= 8_000
    assert note.endswith("| a row of a table |\n\n*The rest is in `report.html`.*")
