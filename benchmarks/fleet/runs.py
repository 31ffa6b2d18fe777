"""Says what a monitoring run costs in a real Airflow, warm, with sixty windows of history, and which process pays it.

Afterwards twenty models are looked at at once.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
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
from airmedic_local.airflow_client import AirflowClient
from airmedic_local.installation import Installation

WINDOWS = 60
"""Windows of history: as many as a check looks back to."""
FIRST = 31
"""The day after the reference."""
ROWS_A_DAY = 240
MODEL = "renewals"
RUNS_AN_HOUR = 1_000
AT_ONCE = 20
"""Models whose runs are started at the same moment."""
SHORT_HISTORY = 8
"""Windows of history that these have: sixty for each of them would take longer to write than all else."""
TASKS = "tasks"
IDLE_SECONDS = 90
"""Says for how long it is measured what an idle Airflow takes. Airflow reads all DAG files anew meanwhile, which a
shorter time may miss, and which would then seem to be part of a run.
"""


def run_in_airflow(home: Path, runs: int) -> Table:
    """Return the CPU seconds of a run by process, and what a thousand models that run each hour need in cores."""
    content, names = home / "content", [MODEL, *(f"{MODEL}_{number:02}" for number in range(1, AT_ONCE + 1))]
    write_models(content, names, days=FIRST + WINDOWS + runs + 8)
    with Installation(home, env={"AIRMEDIC_CONTENT": str(content)}) as local:
        os.environ["MLFLOW_TRACKING_URI"] = local.mlflow_url
        settings = Settings.from_env(local.environment())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in names:
                write_history(Workspace.open(name, settings), WINDOWS if name == MODEL else SHORT_HISTORY)
        client = local.client()
        client.wait_for_dags([f"monitor__{name}" for name in names])
        for name in names:
            client.unpause(f"monitor__{name}")
        processes = {process.name: psutil.Process(process._popen.pid) for process in local._processes}  # noqa: SLF001 - the benchmark looks inside
        costs, idle = one_by_one(client, processes, runs)
        told = at_once(client, processes, names[1:])
    shown = table({name: median(values) for name, values in costs.items()}, idle, runs)
    shown.caption = f"{told}; {os.getloadavg()[1]:.0f} processes wanted to run on {os.cpu_count()} cores"
    return shown


def write_models(content: Path, names: Sequence[str], days: int) -> None:
    """Write the specs of some models, and the rows that all of them share."""
    (content / "models").mkdir(parents=True)
    renewals(days=days, per_day=ROWS_A_DAY).to_parquet(content / "rows.parquet")
    for name in names:
        spec = spec_of(content, name=name, schedule=f"asset:airmedic://fleet/{name}")
        text = spec.model_dump_json(exclude_defaults=True)  # JSON is YAML, too
        (content / "models" / f"{name}.yaml").write_text(text, encoding="utf-8")


def one_by_one(
    client: AirflowClient, processes: dict[str, psutil.Process], runs: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Return what each run of one model took, by process, and what the processes take when nothing runs."""
    for number in range(2):  # workers are forked, pages of the disk are read
        end(client, MODEL, start(client, MODEL, FIRST + WINDOWS + number))
    began, before = time.monotonic(), cpu(processes)
    time.sleep(IDLE_SECONDS)
    idle = {name: (after - before[name]) / (time.monotonic() - began) for name, after in cpu(processes).items()}
    costs: dict[str, list[float]] = {name: [] for name in idle}
    for number in range(2, 2 + runs):
        began, before = time.monotonic(), cpu(processes)
        end(client, MODEL, start(client, MODEL, FIRST + WINDOWS + number))
        time.sleep(1)  # the last task's process ends after its run
        seconds = time.monotonic() - began
        for name, after in cpu(processes).items():
            costs[name].append(max(after - before[name] - idle[name] * seconds, 0.0))
    return costs, idle


def at_once(client: AirflowClient, processes: dict[str, psutil.Process], names: Sequence[str]) -> str:
    """Start a run of each model, and say what all of them took."""
    began, before = time.monotonic(), cpu(processes)
    started_runs = [(name, start(client, name, FIRST + SHORT_HISTORY)) for name in names]
    for name, run_id in started_runs:
        end(client, name, run_id)
    seconds, used = time.monotonic() - began, sum(cpu(processes).values()) - sum(before.values())
    return (
        f"{len(names)} models at once, with {SHORT_HISTORY} windows of history: all succeeded in {seconds:.0f} s, "
        f"{used / len(names):.2f} CPU s a run with what is always taken"
    )


def start(client: AirflowClient, name: str, number: int) -> str:
    """Start a run of a model for a day, and return its id."""
    window = Window(day(number), day(number + 1))
    conf = {"window_start": window.start.isoformat(), "window_end": window.end.isoformat()}
    return client.trigger(f"monitor__{name}", conf | {"as_of": day(number + 3).isoformat()})


def end(client: AirflowClient, name: str, run_id: str) -> None:
    """Wait for the end of a run, which has to succeed."""
    run = client.wait_for_run(f"monitor__{name}", run_id, timeout_seconds=1800)
    if run["state"] != "success":
        raise SystemExit(f"The run is {run['state']}: {client.task_states(f'monitor__{name}', run_id)}")


def write_history(ws: Workspace, windows: int = WINDOWS) -> None:
    """Adopt a champion, and look at some windows; at as many as a check looks back to where not said."""
    adopt(ws, by="anna")
    for number in range(FIRST, FIRST + windows):
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
