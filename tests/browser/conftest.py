"""What the browser tests share: an Airflow with four people, an incident that waits, and a Chromium.

`make browser` installs Playwright, which drives the system's Chromium. Where either is missing the tests are skipped.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.airflow.conftest import Running
from tests.airflow.running.steps import parked
from tests.browser.visitor import SCREEN, Visitor, log_in, started_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

USERS = {"ada": "admin", "anna": "user", "boris": "user", "uma": "user", "vera": "viewer"}
"""The spec of the model lets anna and boris answer. Uma may use Airflow, and is no approver; vera may only look."""
TWO_EYES_TWICE = "permissions:\n  - actions: [retrain]\n    permission: ask_two\n"
"""The policy of the tests wants two people for a training."""
MODEL = "meter"
TURN = 23
"""The day on which the label begins to follow from the inputs in another way."""
DAYS = range(20, TURN + 1)
_MARKS = (
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    # MLflow's client keeps connections to its server that nobody can close.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Whoever looks comes before whoever answers (the files' names see to it): an answer ends what there is to see.
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for mark in _MARKS:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    with started_chromium() as started:
        yield started


@pytest.fixture(scope="session")
def watched(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Airflow and MLflow with a model whose relation turned on its last day, which opened an incident."""
    from airmedic_local.installation import PROJECT, Installation
    from tests.airflow.production import meter

    home = tmp_path_factory.mktemp("browsed")
    content, dags = home / "content", home / "dags"
    shutil.copytree(PROJECT / "include" / "policies", content / "policies")
    policy = content / "policies" / "default.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("permissions:\n", TWO_EYES_TWICE, 1), encoding="utf-8")
    (content / "models").mkdir()
    dags.mkdir()
    for name in ("monitor.py", "remediate.py"):
        shutil.copy(PROJECT / "dags" / name, dags / name)
    meter.write_rows(home / "meter.csv", turn=TURN)
    meter.write_spec(content / "models", MODEL, home / "meter.csv")
    env = {"AIRMEDIC_CONTENT": str(content), "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False"}
    with Installation(home, users=USERS, dags=dags, env=env) as installation:
        running = Running(installation, content)
        client = running.client("ada")
        client.wait_for_dags([f"monitor__{MODEL}", f"remediate__{MODEL}"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            running.adopt(MODEL)
        for day in DAYS:
            run_id = client.trigger(f"monitor__{MODEL}", meter.day(day), run_id=f"day_{day}")
            assert client.wait_for_run(f"monitor__{MODEL}", run_id)["state"] == "success"
        yield running


@pytest.fixture(scope="session")
def incident_id(watched: Running) -> str:
    """The incident of the last day, whose question waits."""
    opened = watched.client("ada").xcom(f"monitor__{MODEL}", f"day_{TURN}", "open_incident")
    incident: str = opened["incident_id"]
    parked(watched, incident)
    return incident


@pytest.fixture
def visit(browser: Browser, watched: Running) -> Iterator[Callable[..., Visitor]]:
    """Log somebody in as people do, and return them in front of the page."""
    contexts = []

    def enter(user: str = "anna", *, size: dict[str, int] = SCREEN, mode: str = "light") -> Visitor:
        context = browser.new_context(viewport=size, color_scheme=mode)
        contexts.append(context)
        return log_in(context, watched.installation, user)

    yield enter
    for context in contexts:
        context.close()
