"""Several real processes at once: no write is lost, and the audit chain stays whole."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime

from airmedic_core.ledger import Ledger
from airmedic_core.records import Permission, Proposal

WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from airmedic_core.ledger import Ledger
from airmedic_core.records import Batch, Finding, Verdict
from airmedic_core.windows import Window

url, model = sys.argv[1:]
ledger = Ledger.open(url)
for day in range(20):
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    batch = Batch(model, Window(start, start + timedelta(days=1)), start, 10)
    ledger.record_findings(batch, "drift", [Finding("drift", "x", "psi", Verdict.OK, value=day)], model_version="1")
"""

COUNTER = """
import sys
from airmedic_core.ledger import Ledger
ledger = Ledger.open(sys.argv[1])
for _ in range(10):
    with ledger.lock("counter"):
        held = ledger.overrides("churn", "setting")
        count = held[0].value["count"] if held else 0
        ledger.set_override("churn", "setting", "count", {"count": count + 1}, author=sys.argv[2], reason="r")
"""

ANSWER = """
import sys
from datetime import datetime
from airmedic_core.ledger import Ledger
url, proposal, person, at = sys.argv[1:]
Ledger.open(url).answer_proposal(proposal, "approve", by=person, at=datetime.fromisoformat(at), channel="airflow")
"""

KILLED_WRITER = """
import os, signal, sys
from sqlalchemy import insert
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.audit import append
from airmedic_core.ledger.tables import batches
ledger = Ledger.open(sys.argv[1])
with ledger._writing() as connection:
    append(connection, "batch", "half", {})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def run(script: str, arguments: list[list[str]]) -> list[int]:
    processes = [subprocess.Popen([sys.executable, "-c", script, *finding]) for finding in arguments]
    return [process.wait(120) for process in processes]


def test_writers_at_once_lose_nothing_and_keep_the_chain_whole(url: str, ledger: Ledger) -> None:
    models = ["a", "b", "c", "d"]
    assert run(WRITER, [[url, model] for model in models]) == [0] * 4
    for model in models:
        history = ledger.finding_history(model)
        assert [finding.value for _, _, finding in history] == list(range(19, -1, -1))
    assert ledger.verify_audit().sequence == 4 * 20 * 2  # a batch and its findings are one record each


def test_the_lock_makes_read_and_write_one_step(url: str, ledger: Ledger) -> None:
    assert run(COUNTER, [[url, "ada"], [url, "bob"], [url, "cyd"]]) == [0] * 3
    assert ledger.overrides("churn", "setting")[0].value == {"count": 30}
    ledger.verify_audit()


def test_of_answers_given_at_once_exactly_one_counts(
    url: str, ledger: Ledger, proposal: Callable[..., Proposal], now: datetime
) -> None:
    asked = proposal(Permission.ASK)
    ledger.record_proposal(asked)
    assert run(ANSWER, [[url, asked.hash, person, now.isoformat()] for person in ("ada", "bob", "cyd")]) == [0] * 3
    answers = ledger.approvals(asked.hash)
    assert sorted(answer.refused_because for answer in answers) == [
        "",
        "it was answered before",
        "it was answered before",
    ]


def test_a_writer_killed_in_the_middle_leaves_nothing_and_blocks_nobody(url: str, ledger: Ledger) -> None:
    assert run(KILLED_WRITER, [[url]]) == [-9]
    assert ledger.verify_audit().sequence == 0
    ledger.set_override("churn", "setting", "x", {}, author="a", reason="r")
    assert ledger.verify_audit().sequence == 1
