from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from airmedic_core.settings import Settings
from airmedic_core.simulate import CHAPTERS, Day
from airmedic_core.workspace import Workspace
from airmedic_local.airflow_client import AirflowClient
from airmedic_local.narrator import Narrator, outlook
from airmedic_local.ports import HOST, free_port

FIRST = Day("2026-02-01", "", "quiet")


def up_to(number: int) -> list[Day]:
    """Return days up to the trouble of this number."""
    return [FIRST, *(Day(f"2026-02-1{n}", chapter.name, "trouble") for n, chapter in enumerate(CHAPTERS[:number]))]


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ([], "4 troubles come, one after the other."),
        (up_to(0), "4 troubles come, one after the other."),
        (up_to(2), "2 more troubles come, one after the other."),
        (up_to(3), "One more trouble comes."),
        (up_to(4), "All 4 troubles of the story have come already"),
    ],
)
def test_only_troubles_that_are_to_come_are_promised(days: list[Day], says: str) -> None:
    assert outlook(days).startswith(says)


@pytest.fixture
def nobody_answers() -> Iterator[AirflowClient]:
    """Return the client of an Airflow that is not there: whatever asks it fails."""
    client = AirflowClient(f"http://{HOST}:{free_port()}", pause_seconds=0)
    yield client
    client.close()


def test_what_the_script_approves_is_not_said_to_wait_for_anybody(
    tmp_path: Path, nobody_answers: AirflowClient
) -> None:
    ws = Workspace.open("subscription_churn", Settings.from_env({"AIRMEDIC_HOME": str(tmp_path)}))
    days = tmp_path / "simulated" / f"{ws.spec.name}.json"
    days.parent.mkdir()
    days.write_text(json.dumps([asdict(day) for day in up_to(1)]))
    said = StringIO()
    narrator = Narrator(ws, nobody_answers, Console(file=said, width=200), unattended=True)
    answered = [{"subject": "Retrain the model?", "task_instance": {"id": "a task"}, "option": "Approve"}]
    for _ in range(2):
        narrator.step()
        narrator.tell_answered(answered)
    trouble, answer = said.getvalue().splitlines()
    assert CHAPTERS[0].title in trouble
    assert answer == "⏵ approved by the script (over REST): Retrain the model?"
