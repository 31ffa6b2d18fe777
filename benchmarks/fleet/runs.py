"""What a monitoring run costs in a real Airflow, warm, with sixty windows of history, and which process pays it."""

from __future__ import annotations

import os
import time
import warnings
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from statistics import median

import psutil
from rich.table import Table

from airmedic.testing.production import day, renewals, spec_of
from airmedic_core.monitor import assess, check_batch, resolve_batch
from airmedic_core.settings import Settings
from airmedic_core.training.adopt import adopt
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from airmedic_local.installation import Installation

WINDOWS = 60
"""Windows of history: as many as a check looks back to."""
FIRST = 31
"""The day after the reference."""
ROWS_A_DAY = 240
MODEL = "renewals"
RUNS_AN_HOUR = 1_000
TASKS = "tasks"


def run_in_airflow(home: Path, runs: int) -> Table:
    """Return the CPU seconds of a run by process, and what a thousand models that run each hour need in cores."""
    content = home / "content"
    (content / "models").mkdir(parents=True)
    renewals(days=FIRST + WINDOWS + runs + 8, per_day=ROWS_A_DAY).to_parquet(content / "rows.parquet")
    spec = spec_of(content, schedule="asset:airmedic://fleet/renewals")
    text = spec.model_dump_json(exclude_defaults=True)  # JSON is YAML, too
    (content / "models" / f"{MODEL}.yaml").write_text(text, encoding="utf-8")
    with Installation(home, env={"AIRMEDIC_CONTENT": str(content)}) as local:
        os.environ["MLFLOW_TRACKING_URI"] = local.mlflow_url
        ws = Workspace.open(MODEL, Settings.from_env(local.environment()))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_history(ws)
        client = local.client()
        client.wait_for_dags([f"monitor__{MODEL}", f"remediate__{MODEL}"])
        client.unpause(f"monitor__{MODEL}")
        processes = {process.name: psutil.Process(process._popen.pid) for process in local._processes}  # noqa: SLF001 - the benchmark looks inside

        def one_run(number: int) -> None:
            window = Window(day(number), day(number + 1))
            conf = {"window_start": window.start.isoformat(), "window_end": window.end.isoformat()}
            run_id = client.trigger(f"monitor__{MODEL}", conf | {"as_of": day(number + 3).isoformat()})
            run = client.wait_for_run(f"monitor__{MODEL}", run_id)
            if run["state"] != "success":
                raise SystemExit(f"The run is {run['state']}: {client.task_states(f'monitor__{MODEL}', run_id)}")

        for number in range(2):  # workers are forked, pages of the disk are read
            one_run(FIRST + WINDOWS + number)
        began, before = time.monotonic(), cpu(processes)
        time.sleep(20)  # what it costs when nothing runs
        idle = {name: (after - before[name]) / (time.monotonic() - began) for name, after in cpu(processes).items()}
        costs: dict[str, list[float]] = {name: [] for name in idle}
        for number in range(2, 2 + runs):
            began, before = time.monotonic(), cpu(processes)
            one_run(FIRST + WINDOWS + number)
            time.sleep(1)  # the last task's process ends after its run
            seconds = time.monotonic() - began
            for name, after in cpu(processes).items():
                costs[name].append(max(after - before[name] - idle[name] * seconds, 0.0))
    return table({name: median(values) for name, values in costs.items()}, idle, runs)


def write_history(ws: Workspace) -> None:
    """Adopt a champion, and look at as many windows as a check looks back to."""
    adopt(ws, by="anna")
    for number in range(FIRST, FIRST + WINDOWS):
        window = Window(day(number), day(number + 1))
        batch = resolve_batch(ws, window=window, moment=day(number) + timedelta(days=3))
        for group in ("data", "drift", "performance"):
            check_batch(ws, batch, group)
        assess(ws, batch)


def cpu(processes: dict[str, psutil.Process]) -> dict[str, float]:
    """Return the CPU seconds of each program so far, with all that it has started; those of tasks by themselves."""
    used = {name: itself(process) + started(process) for name, process in processes.items()}
    used["scheduler"] = itself(processes["scheduler"])
    return used | {TASKS: started(processes["scheduler"])}


def itself(process: psutil.Process) -> float:
    """Return what a process has used itself."""
    times = process.cpu_times()
    return float(times.user + times.system)


def started(process: psutil.Process) -> float:
    """Return what those have used that a process has started: they, and what they started in turn."""
    times = process.cpu_times()
    used = float(times.children_user + times.children_system)
    for child in process.children():
        with suppress(psutil.NoSuchProcess):
            used += itself(child) + started(child)
    return used


def table(costs: dict[str, float], idle: dict[str, float], runs: int) -> Table:
    """Return the table."""
    shown = Table(title=f"a monitoring run, warm, {WINDOWS} windows of history: median of {runs}")
    for name in ("process", "CPU s a run", "idle (% of a core)", f"cores for {RUNS_AN_HOUR} runs an hour"):
        shown.add_column(name, justify="left" if name == "process" else "right")
    for name in sorted(costs, key=lambda name: -costs[name]):
        cores = costs[name] * RUNS_AN_HOUR / 3600 + idle[name]
        shown.add_row(name, f"{costs[name]:.2f}", f"{idle[name]:.0%}", f"{cores:.2f}")
    total, always = sum(costs.values()), sum(idle.values())
    shown.add_row("all", f"{total:.2f}", f"{always:.0%}", f"{total * RUNS_AN_HOUR / 3600 + always:.2f}")
    return shown
