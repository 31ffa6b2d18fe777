"""Says how long the page takes in a browser with a large fleet, from the click to rows that can be read and sorted.

Fills a ledger as ``benchmarks/read_model.py`` does, serves the page and its read model without Airflow and without a
login on loopback, and opens the views in the system's Chromium: what it measures is the read model, the transfer and
the page's own work. It needs Playwright, which `make browser` installs.

    python benchmarks/page.py [--models 1000] [--batches 100]
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import uvicorn
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from airmedic.web.static_files import PageFiles
from airmedic_core.ledger import Ledger
from airmedic_core.read_model import SpecShelf, fleet_json, read_fleet, read_model
from airmedic_core.settings import Settings
from read_model import COLUMNS, DAYS, LEVEL, NOW, SPEC, WIDE, fill, fill_wide

TIMES = 5
PAGE = """<!doctype html><html class="light"><body style="height: 100vh; margin: 0">
<airmedic-health></airmedic-health>
<script>globalThis.React = {createElement: (name) => document.createElement(name)}</script>
<script type="module" src="/airmedic/static/main.js"></script></body></html>"""
USABLE = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
})"""
"""Milliseconds since the page was asked for, once it is drawn and free for a click: the second frame from now on."""
CPU_SECONDS = {"answers": 0.0}
"""CPU time that the answers have taken so far: beside other work, it says more than the clock."""
VIEWS = {
    "fleet, 1,000 models": ("", "tbody tr"),
    f"model, 60 windows × {COLUMNS} columns": (f"models/{WIDE}", "table.map"),
    f"model, {DAYS} windows × {COLUMNS} columns": (f"models/{WIDE}?windows={DAYS}", "table.map"),
}
"""The places that are opened, each with what shows that it is there."""


def main() -> None:
    """Fill a ledger, serve it, open the views, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--batches", type=int, default=100, help="windows of each model")
    args = parser.parse_args()
    if find_spec("playwright") is None or chromium() is None:
        print("Nothing is measured: it needs Chromium, and Playwright, which `make browser` installs.")
        return
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), args.models, args.batches) as url:
        Console().print(opened(url, f"{args.models:,} models × {args.batches} windows"))


def chromium() -> str | None:
    """Return the system's Chromium, if there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def served(home: Path, models: int, count: int) -> Iterator[str]:
    """Fill a ledger and serve the page over it; yield its address."""
    settings = Settings(home, home, f"sqlite:///{home / 'ledger.db'}", "http://mlflow:5000", "production")
    names = [WIDE, *(f"model_{number:04}" for number in range(models - 1))]
    (home / "models").mkdir()
    for number, name in enumerate(names):
        (home / "models" / f"{name}.yaml").write_text(SPEC.format(name=name, team=number % 20))
    ledger = Ledger.open(settings.ledger_url)
    with ledger._engine.begin() as connection:  # noqa: SLF001 - not through the ledger, which would seal each row
        fill(connection, names[1:], count)
        fill_wide(connection)
        connection.execute(text("ANALYZE"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(application(ledger, settings), host="127.0.0.1", port=port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def application(ledger: Ledger, settings: Settings) -> Starlette:
    """Return the page and the addresses of the read model that its two largest views ask."""
    shelf = SpecShelf(settings.models)

    def page(_: Request) -> Response:
        return HTMLResponse(PAGE)

    @_counted
    def fleet(_: Request) -> Response:
        specs = shelf.all()
        return JSONResponse(fleet_json(read_fleet(ledger, specs, now=NOW, shown=specs), now=NOW))

    @_counted
    def model(request: Request) -> Response:
        windows = int(request.query_params.get("windows", 60))
        known = shelf.all()[request.path_params["model"]]
        return JSONResponse(read_model(ledger, settings, known, now=NOW, windows=windows))

    routes = [
        Route("/plugin/model-health", page),
        Route("/airmedic/api/fleet", fleet),
        Route("/airmedic/api/models/{model}", model),
        Mount("/airmedic/static", PageFiles()),
    ]
    return Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, compresslevel=LEVEL)])


def _counted(answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    @wraps(answer)
    def counted(request: Request) -> Response:
        began = time.thread_time()
        try:
            return answer(request)
        finally:
            CPU_SECONDS["answers"] += time.thread_time() - began

    return counted


def opened(url: str, title: str) -> Table:
    """Open each view several times, and return how long it took."""
    from playwright.sync_api import sync_playwright

    table = Table(title=f"{title}, Chromium, {os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}")
    columns = ("view", "usable p50", "best", "answer, best", "CPU of the page", "CPU of the answer", "kB", "elements")
    for column in columns:
        table.add_column(column, justify="left" if column == "view" else "right")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for name, (place, shows) in VIEWS.items():
            table.add_row(name, *_measured(browser, url, place, shows))
        browser.close()
    table.caption = f"Milliseconds; {os.getloadavg()[0]:.0f} processes wanted to run meanwhile"
    return table


def _measured(browser: Any, url: str, place: str, shows: str) -> list[str]:
    usable, answers, busy, asked_cpu, received, elements = [], [], [], [], 0.0, 0
    for _ in range(TIMES):
        # A context of its own: nothing is in the browser's cache.
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        inside = context.new_cdp_session(page)
        inside.send("Performance.enable", {"timeDomain": "threadTicks"})
        answering = CPU_SECONDS["answers"]
        page.goto(f"{url}/plugin/model-health#/{place}", wait_until="commit")
        page.locator("airmedic-health main").locator(shows).first.wait_for()
        usable.append(page.evaluate(USABLE))
        metrics = {metric["name"]: metric["value"] for metric in inside.send("Performance.getMetrics")["metrics"]}
        busy.append(1000 * metrics["TaskDuration"])
        asked_cpu.append(1000 * (CPU_SECONDS["answers"] - answering))
        asked = page.evaluate(
            "() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/'))"
            ".map(({ responseEnd, requestStart, transferSize }) => [responseEnd - requestStart, transferSize])"
        )
        answers.append(max(milliseconds for milliseconds, _ in asked))
        received = sum(size for _, size in asked) / 1000
        elements = page.evaluate(
            "() => document.querySelector('airmedic-health').shadowRoot.querySelectorAll('*').length"
        )
        context.close()
    figures = (median(usable), min(usable), min(answers), median(busy), median(asked_cpu), received, elements)
    return [f"{figure:.0f}" for figure in figures]


if __name__ == "__main__":
    main()
