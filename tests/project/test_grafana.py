"""The dashboard for Grafana asks for metrics that exist, with labels that they have."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airmedic_core.ledger.overview import Measured
from airmedic_core.read_model import FleetModel, KnownSpec, metrics_text
from airmedic_core.read_model.metrics import METRICS

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "airmedic.json"


def read() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return content


def questions() -> list[str]:
    """Return all that the dashboard asks Prometheus."""
    dashboard = read()
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return asked + [variable["definition"] for variable in dashboard["templating"]["list"] if "definition" in variable]


def test_every_metric_that_is_asked_for_exists_and_every_one_that_exists_is_asked_for() -> None:
    assert set(re.findall(r"airmedic_\w+", " ".join(questions()))) == set(METRICS)


def test_the_labels_that_are_asked_for_are_there() -> None:
    now = datetime.now(UTC)
    measured = Measured("roc_auc", 0.8, 0.7, True)
    model = FleetModel(KnownSpec("m", None), "healthy", now, measured, 0.5, 1, (now,))
    labels = {
        name: set(re.findall(r'(\w+)="', given))
        for name, given in re.findall(r"^(\w+)\{(.*)\}", metrics_text([model], now=now), re.MULTILINE)
    }
    assert set(labels) == set(METRICS)
    for question in questions():
        for name, given in re.findall(r"(airmedic_\w+)\{([^}]*)\}", question):
            assert set(re.findall(r'(\w+)=~?"', given)) <= labels[name], question


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in read()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    ids = [panel["id"] for panel in read()["panels"]]
    assert len(ids) == len(set(ids))
