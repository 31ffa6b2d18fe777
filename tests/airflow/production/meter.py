"""A tiny generated production for the tests of the Airflow layer: one binary model, one row every ten minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

DAYS = 26
TURN = 20
"""From this day on the label follows from the inputs in another way. It is not simply reversed: that would look like
labels whose classes were exchanged, on which nobody is to train."""
CONVERTED = 22
"""The day whose loads arrive in hundredths, where a production has one."""
START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
"""The last day is yesterday, so that somebody who asks now asks about the last day."""

SPEC = """\
name: {name}
title: Test {name}
task: binary
target: failed
data:
  path: {path}
  time_column: at
window: day
reference: {{start: "{start:%Y-%m-%d}", end: "{turn:%Y-%m-%d}"}}
retrain: {{using: {using}, window: 5 days, min_rows: 100}}
gate: {{min_rows: 30}}
schedule: "asset:airmedic://test/{asset}"
environment: simulation
policy: {policy}
upstream_dag: "{upstream}"
approvers: [anna, boris]
approval: {{escalate_after_seconds: {escalate}, expire_after_seconds: {expire}, second_tier: [carol]}}
"""


def write_spec(folder: Path, name: str, rows: Path, **changes: object) -> None:
    """Write the spec of one model that lives on these rows."""
    values = {"escalate": 300, "expire": 3600, "using": "clone", "policy": "default", "upstream": "", "asset": "meter"}
    spec = SPEC.format(name=name, path=rows, start=START, turn=START + timedelta(days=TURN), **values | changes)
    (folder / f"{name}.yaml").write_text(spec)


def write_tried_spec(folder: Path, name: str, rows: Path, **changes: object) -> None:
    """Write the spec of a model whose canary, on half of the machines, has no time to show anything."""
    write_spec(folder, name, rows, **changes)
    with (folder / f"{name}.yaml").open("a") as spec:
        spec.write("entity_column: machine\n")
        spec.write("rollout: {strategy: canary, watch_timeout_seconds: 1, options: {fractions: [0.5]}}\n")


def write_rows(
    path: Path,
    seed: int = 7,
    *,
    turn: int = TURN,
    broken: int | None = None,
    machines: int = 0,
    labelled_days: int = DAYS,
) -> None:
    """Write ``DAYS`` days of rows: without the loads of a broken one, and with the machines where there are any."""
    random = np.random.default_rng(seed)
    rows = DAYS * 144
    at = [START + timedelta(minutes=10 * index) for index in range(rows)]
    load, heat = random.normal(size=rows), random.normal(size=rows)
    day = np.arange(rows) // 144
    turned = day >= turn
    chance = 1 / (1 + np.exp(-np.where(turned, 4.0 * heat - 4.0 * load, 2.0 * load + heat)))
    frame = pd.DataFrame({"at": at, "load": load, "heat": heat})
    frame["failed"] = (random.random(rows) < chance).astype(int)
    frame.loc[day == broken, "load"] = np.nan
    if labelled_days < DAYS:
        frame["failed"] = frame["failed"].where(day < labelled_days)
    if machines:
        frame["machine"] = [f"m{index % machines}" for index in range(rows)]
    frame.to_csv(path, index=False)


def convert(path: Path, index: int) -> None:
    """Write the loads of one day in hundredths."""
    frame = pd.read_csv(path)
    inside = frame.index // 144 == index
    frame.assign(load=frame["load"].where(~inside, frame["load"] * 100)).to_csv(path, index=False)


def day(index: int) -> dict[str, str]:
    """Return the conf that monitors one day."""
    start = START + timedelta(days=index)
    end = start + timedelta(days=1)
    return {"window_start": start.isoformat(), "window_end": end.isoformat(), "as_of": end.isoformat()}
