"""Tells in the terminal what happens in the demo, and what to look for next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from airmedic_core.records import Incident
from airmedic_core.simulate import CHAPTERS, Day, story_so_far
from airmedic_local.airflow_client import AirflowClient, Json
from airmedic_local.scorecard import standing_cause

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def outlook(days: Sequence[Day]) -> str:
    """Return a sentence about the troubles that are still to come after the days so far."""
    come = {day.chapter for day in days}
    left = sum(1 for chapter in CHAPTERS if chapter.name not in come)
    if left == 0:
        return f"All {len(CHAPTERS)} troubles of the story have come already; no more are planned."
    more = " more" if left < len(CHAPTERS) else ""
    troubles = f"{left}{more} troubles come, one after the other" if left > 1 else "One more trouble comes"
    return f"{troubles}. Production waits for you while one is open."


class Narrator:
    """Says each thing once, when it has happened.

    Parameters
    ----------
    ws : Workspace
        The model.
    client : AirflowClient
        Of the Airflow that runs it.
    console : Console
        Where to write.
    unattended : bool
        Whether the demo answers approvals itself; else it says where to answer.
    """

    def __init__(self, ws: Workspace, client: AirflowClient, console: Console, *, unattended: bool) -> None:
        self._ws = ws
        self._client = client
        self._console = console
        self._unattended = unattended
        self._told: set[str] = set()

    def step(self) -> None:
        """Tell what is new."""
        days = story_so_far(self._ws)
        for day in days:
            self._tell_day(day)
        for incident in sorted(self._ws.ledger.incidents(self._ws.spec.name), key=lambda incident: incident.opened_at):
            self._tell_incident(incident)
        for detail in [] if self._unattended else self._client.pending_approvals():
            task = detail["task_instance"]
            path = f"/dags/{task['dag_id']}/runs/{task['dag_run_id']}/tasks/{task['task_id']}/required_actions"
            where = f"\n           Answer it here: {self._client.url}{path}"
            self._once(f"ask {task['id']}", f"[yellow]⏸ waits for you:[/] {detail['subject']}{where}")

    def tell_answered(self, details: Sequence[Json]) -> None:
        """Tell which Required Actions the script has answered in place of a person.

        Parameters
        ----------
        details : sequence of dict
            What :meth:`Approver.step` returned.
        """
        for detail in details:
            text = f"[yellow]⏵ approved by the script (over REST):[/] {detail['subject']}"
            self._once(f"answer {detail['task_instance']['id']}", text)

    def skip_past(self) -> None:
        """Take what happened in an earlier run as told."""
        console, self._console = self._console, Console(quiet=True)
        self.step()
        self._console = console

    def _tell_day(self, day: Day) -> None:
        if day.phase == "trouble":
            chapter = next(chapter for chapter in CHAPTERS if chapter.name == day.chapter)
            self._once(f"chapter {day.chapter}", f"[magenta]▶ {day.date}:[/] [italic]{chapter.title}[/] (generated)")
        seen = self._ws.ledger.assessment(f"{self._ws.spec.name}__{day.window.key}")
        if seen is not None:
            colour = {"healthy": "green", "watch": "yellow"}.get(seen.outcome, "red")
            self._once(f"day {day.date}", f"[{colour}]● {day.date}: {seen.outcome}[/]  {seen.headline}")

    def _tell_incident(self, incident: Incident) -> None:
        if self._ws.ledger.diagnoses(incident.id):
            self._once(
                f"diagnosis {incident.id}", f"[cyan]  cause found:[/] {standing_cause(self._ws, incident).words}"
            )
        for action in self._ws.ledger.actions(incident_id=incident.id):
            if action.result is not None:
                text = f"[cyan]  {action.action}: {action.status}[/] in {action.seconds:.1f} s. {action.summary}"
                self._once(f"action {action.proposal_hash} {action.attempt}", text)
        if incident.closed_at is not None:
            self._once(f"closed {incident.id}", f"[green]✔ incident of {incident.window} is {incident.state}[/]")

    def _once(self, key: str, text: str) -> None:
        if key not in self._told:
            self._told.add(key)
            self._console.print(text, highlight=False)
