"""The demo: a small production that breaks, in ways that Airmedic heals while you watch.

``make demo`` runs it until Ctrl-C. ``HEADLESS=1`` answers the approvals itself, plays the story to its end and fails if
a step of it did not happen. ``FRESH=1`` starts over. ``AIRMEDIC_AIRFLOW_PORT`` and ``AIRMEDIC_MLFLOW_PORT`` choose the
ports.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console

from airmedic_local.airflow_client import AirflowClient
from airmedic_local.approver import Approver
from airmedic_local.errors import LocalError
from airmedic_local.installation import PROJECT, Installation
from airmedic_local.ports import ports_from
from airmedic_local.process import end_leftovers

MODEL = "subscription_churn"
DAGS = ("simulate_production", f"monitor__{MODEL}", f"remediate__{MODEL}", f"review__{MODEL}")
HOME = PROJECT / ".airmedic"
APPROVER = "anton"
USERS = {"ada": "admin", "rita": "user", APPROVER: "user", "vera": "viewer"}
"""Says who may log in, with the roles of Airflow's simple auth manager. The record of decisions names them."""

_LOOK_SECONDS = 1.0
_LOG_WIDTH = 160
_STUCK_SECONDS = 300.0
"""The unattended story gives up if nothing at all has happened for so long."""

_WELCOME = """
[bold]Airmedic is watching a production of subscriptions.[/] All of its rows are generated.

  Airflow  {airflow}
  MLflow   {mlflow}/#/experiments?workflowType=machine_learning

{people}

What to look for
  1. In Airflow, [bold]simulate_production[/] makes a day every few seconds and [bold]monitor__{model}[/] looks at it.
  2. When something breaks, an incident opens and [bold]remediate__{model}[/] starts.
  3. Open [bold]Model health[/] in Airflow's menu, read what happened and why, and approve as anton, there or in
     [bold]Required Actions[/] (Browse → Required Actions).
  4. In MLflow, the experiment [bold]airmedic/{model}[/] shows each day, each incident and each retraining.
  5. {outlook}

Ctrl-C ends everything. The next [bold]make demo[/] goes on from there; [bold]make demo FRESH=1[/] starts over.
"""

_TOLD = """
[bold]That was the story:[/] its {troubles} troubles have come and gone. Healthy days go on until Ctrl-C.

What you may try next
  * In MLflow, open an incident's run in [bold]airmedic/{model}[/]: why, who decided, what was done, what it gained.
  * In Airflow, trigger [bold]remediate__{model}[/] by hand: [bold]Diagnose only[/], or [bold]Retrain[/] as a dry run.
  * [bold]AIRMEDIC_HOME={home} MLFLOW_TRACKING_URI={mlflow} .venv/bin/airmedic explain --model {model}[/]
  * [bold]make demo FRESH=1[/] tells it again: reject a proposal this time.
  * Watch your own model: docs/quickstart.md.
"""


def main() -> int:
    """Run the demo and return its exit code."""
    console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else _LOG_WIDTH)
    headless, fresh = (os.environ.get(name, "") not in {"", "0"} for name in ("HEADLESS", "FRESH"))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        with _alone(HOME):
            end_leftovers(HOME / "run")
            if fresh:
                _forget(HOME)
            return _run(console, headless=headless)
    except LocalError as error:
        console.print(f"[red]{error}[/]", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Everything is stopped. [bold]make demo[/] goes on from here.")
        return 130 if headless else 0


def _run(console: Console, *, headless: bool) -> int:
    began = time.monotonic()
    airflow_port, mlflow_port = ports_from({"AIRMEDIC_AIRFLOW_PORT": 8080, "AIRMEDIC_MLFLOW_PORT": 5000})
    installation = Installation(
        HOME,
        users=USERS,
        airflow_port=airflow_port,
        mlflow_port=mlflow_port,
        # The specs of the real data are parsed too; without their data they only wait.
        env={"AIRMEDIC_DATA": os.environ.get("AIRMEDIC_DATA") or str(PROJECT.parent / "shared" / "data")},
    )
    console.print("Starting Airflow and MLflow (half a minute) …")
    try:
        installation.start()
        client = installation.client()
        client.wait_for_dags(DAGS)
        for dag_id in reversed(DAGS):
            client.unpause(dag_id)
        console.print(f"Up after {time.monotonic() - began:.0f} s.")
        return _play(installation, client, console, headless=headless)
    finally:
        # Stopping takes a few seconds and must not itself be interrupted by an impatient second Ctrl-C.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        console.print("Stopping …")
        installation.stop()


def _play(installation: Installation, client: AirflowClient, console: Console, *, headless: bool) -> int:
    from airmedic_core.settings import Settings
    from airmedic_core.simulate import CHAPTERS, is_told, story_so_far
    from airmedic_core.workspace import Workspace
    from airmedic_local.narrator import Narrator, outlook
    from airmedic_local.scorecard import arrival_times, lines, missing_steps, request_times, table

    environment = installation.environment()
    os.environ["AIRMEDIC_HOME"] = environment["AIRMEDIC_HOME"]  # the spec's path names it
    ws = Workspace.open(MODEL, Settings.from_env(environment))
    narrator = Narrator(ws, client, console, unattended=headless)
    narrator.skip_past()
    days = story_so_far(ws)
    urls = {"airflow": installation.airflow_url, "mlflow": installation.mlflow_url}
    welcome = _WELCOME.format(**urls, people=_people(installation), model=MODEL, outlook=outlook(days))
    console.print(welcome, highlight=False)
    approver = Approver(installation.client(APPROVER))
    progress, moved_at = _progress(client), time.monotonic()
    told = is_told(days)
    while not (headless and is_told(story_so_far(ws))):
        installation.check()
        narrator.step()
        if headless:
            narrator.tell_answered(approver.step())
            if (now := _progress(client)) != progress:
                progress, moved_at = now, time.monotonic()
            if time.monotonic() - moved_at > _STUCK_SECONDS:
                console.print(f"[red]Nothing has happened for {_STUCK_SECONDS:.0f} s.[/] Logs: {installation.logs}")
                break
        elif not told and is_told(story_so_far(ws)):
            told = True
            console.print(table(ws, lines(ws, arrival_times(client), request_times(client))))
            text = _TOLD.format(**urls, model=MODEL, home=installation.home, troubles=len(CHAPTERS))
            console.print(text, highlight=False)
        time.sleep(_LOOK_SECONDS)
    narrator.step()
    console.print(table(ws, lines(ws, arrival_times(client), request_times(client))))
    missing = missing_steps(ws)
    for step in missing:
        console.print(f"[red]✘ {step}[/]", highlight=False)
    if not missing:
        console.print("[green]✔ Every step of the story happened.[/]")
    return 1 if missing else 0


def _people(installation: Installation) -> str:
    """Return who may log in, a line for each, with what they are for and their passwords."""
    purposes = {
        "ada": "may do everything",
        "rita": "starts remediations and answers approvals",
        APPROVER: "answers approvals",
        "vera": "may only look",
    }
    return "\n".join(f"  {name:6} {installation.password(name)}   {purposes[name]}" for name in USERS)


def _progress(client: AirflowClient) -> tuple[str, ...]:
    """Return something that changes whenever a run of the demo's DAGs begins or ends."""
    return tuple(f"{run['dag_run_id']} {run['state']}" for dag_id in DAGS for run in client.runs(dag_id, limit=2))


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the home for this process, so that two demos never share one."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LocalError(
                f"Another demo runs in {home}. Stop it first, with Ctrl-C where it was started."
            ) from error
        yield


def _forget(home: Path) -> None:
    for path in home.iterdir():
        if path.name == "lock":
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form of a signal handler
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
