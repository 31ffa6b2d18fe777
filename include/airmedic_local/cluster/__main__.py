"""``make cluster``: the demo's story on a cluster, with faults, and what came of it.

Exit code 0: all that was tried went well and all that has to hold does. 1: something did not. ``KEEP=1`` keeps the
cluster's folder, which otherwise holds only its logs afterwards.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import httpx
from rich.console import Console

from airmedic_local.airflow_client import AirflowClient
from airmedic_local.approver import Approver
from airmedic_local.cluster.content import DAGS, MODEL, lay_out, write_model
from airmedic_local.cluster.faults import Fault, StoresRestart, WorkerKilled
from airmedic_local.cluster.first_start import reachable_home
from airmedic_local.cluster.people import APPROVER, REQUESTER, VIEWER, Person, make_people
from airmedic_local.cluster.programs import find_programs
from airmedic_local.cluster.report import parts_table, tried_table, verdict_table
from airmedic_local.cluster.running import Cluster, keep_logs_only, make_anew
from airmedic_local.cluster.standstill import Standstill, promised_seconds
from airmedic_local.cluster.story import Refused, Story, StuckError
from airmedic_local.cluster.verdicts import Verdict, verdicts
from airmedic_local.errors import LocalError
from airmedic_local.installation import PROJECT

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

Row = tuple[str, str, str, bool]

HOME = PROJECT / ".airmedic" / "cluster"
_STUCK_SECONDS = 60.0
"""Longer than promised by so much, and the story is given up."""
_SCHEDULER = "airflow-scheduler"


def main() -> int:
    """Run the cluster and return the exit code."""
    console = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 160)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    began = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s[/]  {line}", highlight=False)

    home = Path(os.environ.get("AIRMEDIC_CLUSTER_HOME") or HOME)
    cluster: Cluster | None = None
    try:
        asked_for, home = home, reachable_home(home, find_programs())
        make_anew(home)
        if home != asked_for:
            say(f"Postgres runs as a user who may not enter {asked_for}: this run is in {home}.")
        include = lay_out(home / "include")
        cluster = Cluster(home, replaced={"./include": include}, tell=say)
        say(f"Starting what docker-compose.yaml describes, without Docker. Logs: {cluster.logs}")
        with cluster:
            code = _run(cluster, include, console, say=say, began=began)
            say("Stopping …")
    except LocalError as error:
        console.print(f"[red]{error}[/]", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    else:
        return code
    finally:
        if os.environ.get("KEEP", "") in {"", "0"}:
            keep_logs_only(home)
        console.print(f"Logs: {home / 'logs'}", highlight=False)


def _run(cluster: Cluster, include: Path, console: Console, *, say: Callable[[str], None], began: float) -> int:
    from airmedic_core.settings import Settings
    from airmedic_core.workspace import Workspace
    from airmedic_local.narrator import Narrator

    up = time.monotonic() - began
    admin, password = cluster.env["AIRFLOW_ADMIN_USER"], cluster.env["AIRFLOW_ADMIN_PASSWORD"]
    people = make_people(cluster.airflow_url, admin, password)
    write_model(include, [people[APPROVER].id])
    say(
        "All services are well. Users of FAB: "
        + ", ".join(f"{person.name} (id {person.id})" for person in people.values())
    )
    env = cluster.environment(_SCHEDULER)
    os.environ["AIRMEDIC_HOME"] = env["AIRMEDIC_HOME"]  # the spec's path names it
    client = cluster.client(admin, password)
    client.wait_for_dags(DAGS)
    for dag_id in reversed(DAGS):
        client.unpause(dag_id)
    ws = Workspace.open(MODEL, Settings.from_env(env))
    refused = Refused([_client(cluster, people[name]) for name in (VIEWER, REQUESTER)])
    standstill, promised = Standstill(client), promised_seconds(env)
    faults: list[Fault] = [StoresRestart(cluster, client, lambda: _reached(ws, 0)), WorkerKilled(cluster, ws)]
    told_at = time.monotonic()
    stuck: list[Verdict] = []
    try:
        Story(
            cluster,
            ws,
            client,
            Approver(_client(cluster, people[APPROVER]), refused),
            narrator=Narrator(ws, client, console, unattended=True),
            standstill=standstill,
            faults=faults,
            stuck_seconds=promised + _STUCK_SECONDS,
            say=say,
        ).play()
    except StuckError as error:
        stuck.append(Verdict("the story comes to its end", (str(error),)))
    rows = [
        ("docker-compose.yaml without Docker", f"{up:.0f} s", _versions(cluster), True),
        (
            "the demo's story, four troubles",
            f"{time.monotonic() - told_at:.0f} s",
            "told" if not stuck else "stuck",
            not stuck,
        ),
        *(_fault_row(fault, told_at) for fault in faults),
        _refused_row(refused),
        _standstill_row(standstill, promised),
    ]
    outcome = [*stuck, *verdicts(ws, client, people[APPROVER], env), _health(cluster), _memory(cluster)]
    for table in (tried_table(rows), verdict_table(outcome), parts_table(cluster.parts.values(), cluster.took)):
        console.print(table)
    well = all(row[-1] for row in rows) and not any(verdict.problems for verdict in outcome)
    took = f"{(time.monotonic() - began) / 60:.1f} minutes"
    console.print(
        f"[green]✔ Nothing lost, nothing doubled, in {took}.[/]" if well else f"[red]✘ Not all holds ({took}).[/]"
    )
    return 0 if well else 1


def _reached(ws: Workspace, chapter: int) -> bool:
    from airmedic_core.simulate import CHAPTERS, story_so_far

    return any((day.chapter, day.phase) == (CHAPTERS[chapter].name, "trouble") for day in story_so_far(ws))


def _client(cluster: Cluster, person: Person) -> AirflowClient:
    return cluster.client(person.name, person.password)


def _versions(cluster: Cluster) -> str:
    """Return which stores run here, beside the images that the file names."""
    images = [service.image for service in cluster.services.values() if ":" in service.image]
    here = [
        subprocess.run([cluster.programs[name], "--version"], capture_output=True, text=True, check=True).stdout.strip()
        for name in ("postgres", "redis-server")
    ]
    numbers = [next(iter(re.findall(r"\d+\.[\d.]+", line)), line) for line in here]
    named = [image for image in images if image.startswith(("postgres:", "redis:"))]
    return f"PostgreSQL {numbers[0]} for {named[0]}, Redis {numbers[1]} for {named[1]}"


def _fault_row(fault: Fault, told_at: float) -> Row:
    if fault.struck is None:
        return type(fault).__name__, "", "its moment never came", False
    struck = fault.struck
    told = f"{struck.meanwhile}, and had not ended" if struck.hit else f"{struck.meanwhile}, and had ended: too late"
    return struck.title, f"at {struck.at - told_at:.0f} s", told, struck.hit


def _refused_row(refused: Refused) -> Row:
    told = ", ".join(f"{name}: {status}" for name, status in refused.statuses.items())
    well = bool(refused.statuses) and all(status == httpx.codes.FORBIDDEN for status in refused.statuses.values())
    return "viewer and requester try to approve", "", told or "nobody was asked", well


def _standstill_row(standstill: Standstill, promised: float) -> Row:
    told = f"{standstill.where}; at the most {promised:.0f} s by the settings"
    return "longest standstill of a run", f"{standstill.longest:.0f} s", told, standstill.longest <= promised


def _health(cluster: Cluster) -> Verdict:
    unwell = cluster.unwell()
    return Verdict(
        "all services are well at the end", tuple(f"{name} is not" for name in unwell), f"{len(cluster.parts)} services"
    )


def _memory(cluster: Cluster) -> Verdict:
    limited = [part for part in cluster.parts.values() if part.service.most_memory]
    over = [part.name for part in limited if part.most_memory > (part.service.most_memory or 0)]
    return Verdict("no service takes more memory than it may", tuple(f"{name} does" for name in over), "see below")


def _interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form of a signal handler
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
