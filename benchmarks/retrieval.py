"""Measures how well runbooks and incidents are found, also without an incident's own kind, and how fast a diagnosis is.

    python -m benchmarks.retrieval [--embedder package.module:function]

The questions are those of ``tests/core/knowledge/questions.yaml`` that were never used to choose a constant. Leave one
out: each written incident is taken out of the library, and what was seen in it is the question.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.knowledge import Library, open_library
from airmedic_core.knowledge.rankers import embedder_of
from airmedic_core.ledger import Ledger
from airmedic_core.records import Assessment, Batch, Cause, Finding, Incident, IncidentState, Severity, Verdict
from airmedic_core.registry import Registry
from airmedic_core.settings import Settings
from airmedic_core.spec import parse_spec
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
SECONDS_ALLOWED = 1.0
COLUMNS, DAYS, REPEATS = 50, 60, 5


def main() -> int:
    """Print the figures; the exit code is 1 if a diagnosis takes longer than allowed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--embedder", default="", metavar="NAME", help="a further ranker, as in AIRMEDIC_EMBEDDER")
    settings = Settings.from_env({"AIRMEDIC_EMBEDDER": parser.parse_args().embedder})
    library = open_library(ROOT / "include", embedder=embedder_of(settings))
    _questions(library)
    _leave_one_out(library)
    return int(_diagnosis() > SECONDS_ALLOWED)


def _questions(library: Library) -> None:
    written = yaml.safe_load((ROOT / "tests/core/knowledge/questions.yaml").read_text(encoding="utf-8"))["measured"]
    answered = [question for question in written if question["answer"]]
    unanswerable = [question for question in written if not question["answer"]]
    for most in (1, 5):
        right = sum(_found(library, question, most) for question in answered)
        print(f"hit@{most}                                    {right} of {len(answered)} ({right / len(answered):.0%})")
    silent = sum(not library.search(question["ask"], kind="runbook").answered for question in unanswerable)
    away = sum(not library.search(question["ask"], kind="runbook").answered for question in answered)
    print(f"without an answer, recognised            {silent} of {len(unanswerable)}")
    print(f"with an answer, turned away              {away} of {len(answered)}")


def _found(library: Library, question: dict[str, Any], most: int) -> bool:
    hits = library.search(question["ask"], kind="runbook").hits[:most]
    return any(hit.section.address in question["answer"] for hit in hits)


def _leave_one_out(library: Library) -> None:
    """Print how often an incident that is new leads to the runbook of its cause, and to an incident of its cause."""
    seen = [section for section in library.sections if section.kind == "incident" and section.title == "What was seen"]
    first = five = alike = shared = 0
    for section in seen:
        others = Library(
            tuple(other for other in library.sections if other.source != section.source), embedder=library.embedder
        )
        question = f"{section.document}. {section.text}"
        addresses = [hit.section.address for hit in others.search(question, kind="runbook").hits]
        wanted = Cause(section.causes[0]).traits.runbook
        first, five = first + (wanted in addresses[:1]), five + (wanted in addresses)
        if any(other.kind == "incident" and section.causes[0] in other.causes for other in others.sections):
            shared += 1
            hits = others.search(question, kind="incident").hits[:5]
            alike += any(section.causes[0] in hit.section.causes for hit in hits)
    print(f"leave one out, its runbook first         {first} of {len(seen)}")
    print(f"leave one out, its runbook in five       {five} of {len(seen)}")
    print(f"leave one out, an incident of its cause  {alike} of {shared} that have one")


def _diagnosis() -> float:
    """Print and return the median of the seconds that packet and diagnosis take, the checks having run."""
    took = []
    with tempfile.TemporaryDirectory() as folder:
        workspace, batch = _history(Path(folder))
        for number in range(REPEATS):
            incident = _opened(workspace, batch, number)
            started = time.perf_counter()
            collect_evidence(workspace, incident.id)
            diagnose(workspace, incident.id)
            took.append(time.perf_counter() - started)
            workspace.ledger.move_incident(incident.id, IncidentState.RESOLVED)
    median = statistics.median(took)
    print(f"packet and diagnosis                     {median:.2f} s ({COLUMNS} columns, {DAYS} windows; median)")
    return median


def _history(home: Path) -> tuple[Workspace, Batch]:
    settings = Settings(
        home, ROOT / "include", f"sqlite:///{home / 'ledger.db'}", f"sqlite:///{home / 'mlflow.db'}", "test"
    )
    ledger = Ledger.open(settings.ledger_url)
    data = {"source": "file", "path": "rows.csv", "time_column": "day"}
    spec = parse_spec({"name": "churn", "task": "binary", "target": "churned", "data": data})
    workspace = Workspace(spec, settings, ledger, Registry(settings.tracking_uri, ledger))
    for day in range(DAYS):
        start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
        batch = Batch("churn", Window(start, start + timedelta(days=1)), start + timedelta(days=1), 1000)
        last = day == DAYS - 1
        ledger.record_findings(
            batch, "data", [_nulls(column, broken=last) for column in range(COLUMNS)], model_version="1"
        )
        cause = Cause.DATA_CORRUPTION if last else Cause.HEALTHY
        outcome = "incident" if last else "healthy"
        ledger.record_assessment(batch, Assessment(batch.id, outcome, cause, Severity.LOW, cause.value, cause.value))
    return workspace, batch


def _nulls(number: int, *, broken: bool) -> Finding:
    verdict = Verdict.ALERT if broken and number < COLUMNS // 5 else Verdict.OK
    return Finding(
        "corruption",
        f"column {number}",
        "null_fraction",
        verdict,
        value=0.4 if verdict is Verdict.ALERT else 0.01,
        baseline=0.01,
        limit=0.05,
        sample_size=1000,
        unit="fraction",
        suggests=(Cause.DATA_CORRUPTION,) if verdict is Verdict.ALERT else (),
    )


def _opened(workspace: Workspace, batch: Batch, number: int) -> Incident:
    return workspace.ledger.open_incident(
        Incident(
            f"incident {number}", "churn", IncidentState.OPEN, Severity.HIGH, Cause.DATA_CORRUPTION, "broken",
            f"print {number}", batch.window, batch.as_of, (batch.id,), batch.as_of,
        )
    )  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
