"""What the browser tests share: an Airflow with four people, an incident that waits, and a Chromium.

`make browser` installs Playwright, which drives the system's Chromium. Where either is missing the tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.airflow.conftest import Running
from tests.airflow.running.steps import parked

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

USERS = {"ada": "admin", "anna": "user", "boris": "user", "uma": "user", "vera": "viewer"}
"""The spec of the model lets anna and boris answer. Uma may use Airflow, and is no approver; vera may only look."""
TWO_EYES_TWICE = "permissions:\n  - actions: [retrain]\n    permission: ask_two\n"
"""The policy of the tests wants two people for a training."""
PICTURES = "AIRMEDIC_PICTURES"
"""Environment variable that names a folder: the tests put pictures of the page there, such as those of the docs."""
MODEL = "meter"
TURN = 23
"""The day on which the label begins to follow from the inputs in another way."""
DAYS = range(20, TURN + 1)
SCREEN = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
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


def chromium() -> str:
    """Return the system's Chromium, or skip."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("There is no Chromium here. On Debian and Ubuntu: apt-get install chromium")
    return program


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    program = chromium()
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not here: make browser installs it.")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


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


@dataclass
class Visitor:
    """Somebody in front of the page."""

    page: Page
    url: str
    asked: list[str] = field(default_factory=list)
    """Addresses that the browser has asked."""
    faults: list[str] = field(default_factory=list)
    """Errors of the page's own, and dialogs."""

    def open(self, place: str = "", shows: str = "h2") -> Page:
        """Go to a place of the page, in a tab that was there before or not, and wait for what it shows."""
        self.page.goto(f"{self.url}/plugin/model-health#/{place}")
        self.page.reload()
        self.page.locator("airmedic-health main").locator(shows).first.wait_for(timeout=60_000)
        return self.page

    def answer_with(self, path: str, change: Callable[[Any], Any]) -> None:
        """Change what one of the read model's addresses answers."""

        def changed(route: Any) -> None:
            route.fulfill(json=change(route.fetch().json()))

        self.page.route(f"**/airmedic/api/{path}", changed)

    def picture(self, name: str) -> None:
        """Keep a picture of what shows, where pictures are wanted."""
        if folder := os.environ.get(PICTURES):
            self.page.mouse.move(0, 0)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), animations="disabled")

    def widths(self) -> tuple[int, int]:
        """Return how wide the page's content is, and how much of that shows."""
        wide, room = self.page.evaluate(
            "() => { const { scrollWidth, clientWidth } = document.querySelector('airmedic-health');"
            " return [scrollWidth, clientWidth] }"
        )
        return wide, room

    def strangers(self) -> list[str]:
        """Return the addresses of other machines that were asked."""
        here = urlsplit(self.url).netloc
        return [url for url in self.asked if url.startswith(("http", "ws")) and urlsplit(url).netloc != here]


@pytest.fixture
def visit(browser: Browser, watched: Running) -> Iterator[Callable[..., Visitor]]:
    """Log somebody in as people do, and return them in front of the page."""
    contexts = []

    def log_in(user: str = "anna", *, size: dict[str, int] = SCREEN, mode: str = "light") -> Visitor:
        installation = watched.installation
        context = browser.new_context(viewport=size, color_scheme=mode)
        contexts.append(context)
        page = context.new_page()
        visitor = Visitor(page, installation.airflow_url)

        def note(request: Request) -> None:
            visitor.asked.append(request.url)

        page.on("request", note)
        page.on("pageerror", lambda error: visitor.faults.append(str(error)))
        page.on("dialog", lambda dialog: (visitor.faults.append(dialog.message), dialog.dismiss()))
        page.goto(f"{installation.airflow_url}/")
        page.locator("input[name=username]").fill(user)
        page.locator("input[name=password]").fill(installation.password(user))
        page.locator("button[type=submit]").click()
        page.wait_for_url(lambda url: "login" not in url, timeout=60_000)
        return visitor

    yield log_in
    for context in contexts:
        context.close()
