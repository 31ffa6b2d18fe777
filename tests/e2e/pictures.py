"""Pictures of the running product during a story, for somebody who has never seen it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow

from airmedic_core.records import Incident
from airmedic_core.reports.addresses import experiment_address
from airmedic_core.reports.batch.report import BATCH_TAG
from airmedic_core.reports.incident.report import INCIDENT_TAG
from airmedic_core.workspace import Workspace
from airmedic_local.airflow_client import Json
from airmedic_local.installation import Installation
from tests.browser.visitor import PICTURES, SCREEN, Visitor, log_in, started_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDE = {"width": 1440, "height": 720}
"""Of lists."""
TALL = {"width": 1280, "height": 1000}
"""Of what is read from top to bottom."""


@contextmanager
def visitor(installation: Installation, user: str = "anna") -> Iterator[Visitor]:
    """Log somebody in with a Chromium that ends with the visit."""
    with started_chromium() as browser:
        context = browser.new_context(viewport=SCREEN, color_scheme="light")
        yield log_in(context, installation, user)
        context.close()


def question(installation: Installation, detail: Json) -> None:
    """Take the pictures of a question that waits, in Airflow and on the page, where pictures are wanted."""
    if not os.environ.get(PICTURES):
        return
    task = detail["task_instance"]
    with visitor(installation) as approver:
        approver.open("approvals", shows="form .field")
        approver.picture("approvals")
        assert approver.shows_without_scrolling("Approve")
        approver.open_required_action(task["dag_id"], task["dag_run_id"], task["task_id"])
        approver.page.wait_for_load_state("networkidle")
        approver.picture("required-action")
        assert approver.shows_without_scrolling("Approve")


def of_mlflow(visitor: Visitor, ws: Workspace, incident: Incident, batch_id: str, folder: Path) -> dict[str, str]:
    """Look at MLflow's list of runs, and at the reports of an incident and of a healthy batch.

    Parameters
    ----------
    visitor : Visitor
        Whose browser looks.
    ws : Workspace
        The model.
    incident : Incident
        An incident with a report.
    batch_id : str
        A healthy batch with a report.
    folder : Path
        Where the reports are put.

    Returns
    -------
    dict
        Name of the picture → the text that a person reads.
    """
    texts = {}
    experiment = ws.registry.experiment(ws.spec.name)
    page = visitor.page
    page.goto(experiment_address(ws.settings, experiment))
    page.get_by_text("harmful covariate").or_(page.get_by_text("healthy ·")).first.wait_for(timeout=60_000)
    # MLflow's own assistant opens over a quarter of the screen until somebody closes it.
    page.get_by_role("button", name="Close").last.click()
    page.set_viewport_size(WIDE)
    _widen(page, "Run Name")
    visitor.picture("mlflow-runs")
    texts["mlflow-runs"] = page.locator("body").inner_text()
    for name, tag, value in (("incident-report", INCIDENT_TAG, incident.id), ("batch-report", BATCH_TAG, batch_id)):
        (run,) = ws.registry.client.search_runs([experiment], f"tags.`{tag}` = '{value}'")
        place = folder / name
        place.mkdir()
        report = mlflow.artifacts.download_artifacts(
            run_id=run.info.run_id,
            artifact_path="report.html",
            dst_path=str(place),
            tracking_uri=ws.settings.tracking_uri,
        )
        page.set_viewport_size(TALL)
        page.goto(Path(report).as_uri())
        visitor.picture(name)
        texts[name] = page.locator("body").inner_text()
    return texts


def _widen(page: Page, heading: str) -> None:
    """Draw a column of MLflow's list as wide as its names are long, as people do."""
    edge = page.locator(".ag-header-cell", has_text=heading).last.locator(".ag-header-cell-resize").bounding_box()
    assert edge is not None
    # The right half of the edge lies below the next column's heading.
    x, y = edge["x"] + 2, edge["y"] + edge["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 520, y, steps=10)
    page.mouse.up()
