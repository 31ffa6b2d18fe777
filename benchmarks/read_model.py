"""Says how long the read model takes for a large fleet, and how large its answers are.

A ledger is filled with 1,000 models of 100 windows each, and one model of two years of daily windows with 200 columns.
Each answer is made as the API server makes it: read, turned into JSON, and compressed as Airflow compresses it.

    python benchmarks/read_model.py [--ledger URL of an empty database]
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, insert, text

from airmedic_core.ledger import Ledger
from airmedic_core.ledger.tables import batches, incidents, model_metrics, promotions, proposals
from airmedic_core.read_model import SpecShelf, approvals_waiting, fleet_json, metrics_text, read_fleet, read_model
from airmedic_core.records import Permission, Proposal, to_json
from airmedic_core.settings import Settings
from airmedic_core.windows import Window

NOW = datetime(2026, 6, 1, 3, tzinfo=UTC)
WIDE, DAYS, COLUMNS = "wide", 730, 200
TIMES = 7
LEVEL = 5
"""Sets how hard Airflow's API server compresses."""
SPEC = """\
name: {name}
task: binary
target: y
owner: team-{team}
data: {{path: /data/{name}.parquet, time_column: at}}
"""


def main() -> None:
    """Fill a ledger, ask, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ledger", default="", help="URL of an empty database; an SQLite file where not given")
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--batches", type=int, default=100, help="windows of each model")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        url = args.ledger or f"sqlite:///{home / 'ledger.db'}"
        settings = Settings(home, home, url, "http://mlflow:5000", "production")
        names = [WIDE, *(f"model_{number:04}" for number in range(args.models - 1))]
        (home / "models").mkdir()
        for number, name in enumerate(names):
            (home / "models" / f"{name}.yaml").write_text(SPEC.format(name=name, team=number % 20))
        ledger = Ledger.open(url)
        with ledger._engine.begin() as connection:  # noqa: SLF001 - not through the ledger, which would seal each row
            fill(connection, names[1:], args.batches)
            fill_wide(connection)
            connection.execute(text("ANALYZE"))
        kind = ledger._engine.dialect.name  # noqa: SLF001 - the benchmark looks inside
        Console().print(ask(ledger, settings, f"{args.models:,} models × {args.batches} windows, {kind}"))


def fill(connection: Connection, names: list[str], count: int) -> None:
    """Write the windows of the fleet, an incident of each tenth model, and an approval of each hundredth.

    Each fifth model was healed by the version that serves.
    """
    random.seed(0)
    for place, name in enumerate(names):
        rows = [batch(name, number, NOW - timedelta(days=count - number)) for number in range(count)]
        connection.execute(insert(batches), rows)
        served = {"model": name, "to_version": "3", "kind": "deploy", "at": NOW - timedelta(days=40), "by": "anna"}
        if place % 5 == 1:
            served["proposal_hash"] = f"{place:064}"
            add_healed(connection, rows[len(rows) // 2], served["proposal_hash"])
        connection.execute(insert(promotions).values(sequence=place, **served))
        if place % 10 == 0:
            add_incident(connection, rows[-1], waits=place % 100 == 0)


def batch(model: str, number: int, start: datetime) -> dict[str, Any]:
    """Return one window as the monitoring leaves it."""
    start = start.replace(hour=0)
    window = Window(start, start + timedelta(days=1))
    headline = "No alarm: data, inputs and performance stay within their limits."
    assessment = {
        "batch_id": f"{model}__{window.key}", "outcome": "healthy", "cause": "healthy", "severity": "low",
        "headline": headline, "fingerprint": "f" * 64, "finding_keys": [], "not_knowable": [],
    }  # fmt: skip
    value = round(0.8 + random.gauss(0, 0.01), 6)
    return {
        "id": assessment["batch_id"], "model": model, "window_start": window.start, "window_end": window.end,
        "as_of": window.end, "rows": 1000 + number, "model_version": "3", "outcome": "healthy", "cause": "healthy",
        "assessment": assessment, "metric_name": "roc_auc", "metric_value": value, "metric_low": value - 0.02,
        "metric_high": value + 0.02, "metric_limit": 0.78, "metric_higher_is_better": True,
        "largest_move": abs(random.gauss(0.3, 0.2)), "rows_expected": 1000.0, "assessed_at": window.end,
    }  # fmt: skip


def add_incident(connection: Connection, row: dict[str, Any], *, waits: bool) -> None:
    """Open an incident of a window, and let a rollback wait for its approval."""
    opened = {
        "id": f"{row['id']}__f1", "model": row["model"], "state": "awaiting_approval" if waits else "open",
        "severity": "high", "cause": "concept_drift", "headline": "The relation has changed: AUC is 0.61.",
        "fingerprint": "f1", "window_start": row["window_start"], "window_end": row["window_end"],
        "as_of": row["as_of"], "batch_ids": [row["id"]], "opened_at": row["as_of"], "resolution": {},
    }  # fmt: skip
    connection.execute(insert(incidents).values(**opened))
    if waits:
        proposal = Proposal(
            opened["id"], row["model"], "rollback", {}, "AUC is 0.8 again.", Permission.ASK, "It was better before.",
            NOW - timedelta(minutes=20), NOW + timedelta(hours=4),
        )  # fmt: skip
        record = to_json(proposal)
        values = {"hash": proposal.hash, "record": record, "permission": "ask", "action": "rollback"}
        times = {"created_at": proposal.created_at, "expires_at": proposal.expires_at}
        connection.execute(insert(proposals).values(incident_id=opened["id"], model=row["model"], **values, **times))


def add_healed(connection: Connection, row: dict[str, Any], proposal_hash: str) -> None:
    """Write an incident of a window that a deployment has healed."""
    resolution = {
        "action": "deploy", "outcome": "healed", "summary": "Version 3 serves in place of 2.", "approved_by": ["anna"],
        "before": 0.61, "after": 0.8, "metric": "roc_auc", "proposal_hash": proposal_hash,
    }  # fmt: skip
    ended = {
        "id": f"{row['id']}__f0", "model": row["model"], "state": "resolved", "severity": "high",
        "cause": "concept_drift", "headline": "The relation has changed: AUC is 0.61.", "fingerprint": "f0",
        "window_start": row["window_start"], "window_end": row["window_end"], "as_of": row["as_of"],
        "batch_ids": [row["id"]], "opened_at": row["as_of"], "closed_at": row["as_of"], "resolution": resolution,
    }  # fmt: skip
    connection.execute(insert(incidents).values(**ended))


def fill_wide(connection: Connection) -> None:
    """Write two years of a model with many columns."""
    for number in range(DAYS):
        row = batch(WIDE, number, NOW - timedelta(days=DAYS - number))
        connection.execute(insert(batches).values(**row))
        connection.execute(insert(model_metrics), [finding(row["id"], column) for column in range(COLUMNS)])


def finding(batch_id: str, column: int) -> dict[str, Any]:
    """Return the finding on one column of one window."""
    effect = random.gauss(0, 0.1)
    name, verdict = f"column_{column:03}", "alert" if abs(effect) > 0.3 else "ok"
    record = {
        "check": "drift", "subject": name, "statistic": "shift", "verdict": verdict, "value": 0.5, "baseline": 0.5,
        "limit": 0.3, "effect": effect, "p_value": 0.4, "sample_size": 1000, "unit": "rank",
        "message": f"{name} lies where it usually does.", "suggests": [], "role": "input_moved",
        "explained_by": ["unit_change", "schema_change"],
        "details": {"z": 0.3, "part": "location", "spread": 0.05, "psi": 0.01, "jensen_shannon": 0.05, "ks": 0.02,
                    "wasserstein": 0.04, "evidently_default": False},
    }  # fmt: skip
    shown = {"value": 0.5, "baseline": 0.5, "threshold": 0.3, "record": record}
    kept = {"batch_id": batch_id, "check_group": "drift", "position": column, "model": WIDE, "check_name": "drift"}
    return kept | shown | {"subject": name, "statistic": "shift", "verdict": verdict}


def ask(ledger: Ledger, settings: Settings, title: str) -> Table:
    """Return how long each answer takes."""
    shelf = SpecShelf(settings.models)
    began = perf_counter()
    specs = shelf.all()
    first = perf_counter() - began

    def fleet() -> bytes:
        models = read_fleet(ledger, shelf.all(), now=NOW, shown=specs)
        return json.dumps(fleet_json(models, now=NOW), separators=(",", ":")).encode()

    def metrics() -> bytes:
        return metrics_text(read_fleet(ledger, shelf.all(), now=NOW, shown=specs), now=NOW).encode()

    def model(windows: int) -> bytes:
        known = shelf.all()[WIDE]
        answer = read_model(ledger, settings, known, now=NOW, windows=windows)
        return json.dumps(answer, separators=(",", ":")).encode()

    def approvals() -> bytes:
        answer = approvals_waiting(ledger, shelf.all(), now=NOW, shown=specs)
        return json.dumps(answer, separators=(",", ":")).encode()

    table = Table(title=f"{title}. The specs are read once, in {first:.1f} s")
    for column in ("answer", "CPU p50 (ms)", "p50 (ms)", "max (ms)", "compressed (kB)", "as text (kB)"):
        table.add_column(column, justify="left" if column == "answer" else "right")
    asked: dict[str, Callable[[], bytes]] = {
        "fleet": fleet,
        "metrics": metrics,
        "approvals": approvals,
        f"model, 60 windows × {COLUMNS} columns": lambda: model(60),
        f"model, {DAYS} windows × {COLUMNS} columns": lambda: model(DAYS),
    }
    for name, answer in asked.items():
        seconds, busy, sent, size = [], [], b"", 0
        for _ in range(TIMES):
            began, cpu = perf_counter(), process_time()
            whole = answer()
            sent = gzip.compress(whole, LEVEL)
            seconds.append(perf_counter() - began)
            busy.append(process_time() - cpu)
            size = len(whole)
        milliseconds = [1000 * figure for figure in (median(busy), median(seconds), max(seconds))]
        kilobytes = [len(sent) / 1000, size / 1000]
        table.add_row(name, *(f"{figure:.0f}" for figure in (*milliseconds, *kilobytes)))
    return table


if __name__ == "__main__":
    main()
