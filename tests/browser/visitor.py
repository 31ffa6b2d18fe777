"""Somebody in front of the page, in the system's Chromium: the browser tests and the end-to-end story look with it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from airmedic_local.installation import Installation

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request

PICTURES = "AIRMEDIC_PICTURES"
"""Environment variable that names a folder: the tests put pictures there, such as those of the docs."""
SCREEN = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def chromium() -> str:
    """Return the system's Chromium, or skip."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("There is no Chromium here. On Debian and Ubuntu: apt-get install chromium")
    return program


@contextmanager
def started_chromium() -> Iterator[Browser]:
    """Start the system's Chromium without a window, or skip where it or Playwright is missing."""
    program = chromium()
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not here: make browser installs it.")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


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

    def open_required_action(self, dag_id: str, run_id: str, task_id: str) -> Page:
        """Go to a question in Airflow's Required Actions, and wait until it can be answered."""
        self.page.goto(f"{self.url}/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/required_actions")
        self.page.get_by_text("Deploy a new version of").first.wait_for(timeout=60_000)
        self.page.get_by_role("button", name="Approve").wait_for(timeout=60_000)
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

    def shows_without_scrolling(self, button: str) -> bool:
        """Return whether a button stands on the first screen."""
        box = self.page.get_by_role("button", name=button).first.bounding_box()
        size = self.page.viewport_size
        return box is not None and size is not None and box["y"] + box["height"] <= size["height"]

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


def log_in(context: BrowserContext, installation: Installation, user: str) -> Visitor:
    """Log somebody in as people do, and return them in front of Airflow."""
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
