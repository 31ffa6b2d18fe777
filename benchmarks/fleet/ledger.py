"""A ledger of a whole fleet is asked everything that the tasks of one model and the pages ask, and is pruned.

The fleet's rows are short, so that a million batches fit on a disk: how long a question takes depends on how many rows
it reads. Those of the model that asks are as long as they are.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import wraps
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple

from rich.table import Table
from runs import FIRST, MODEL, ROWS_A_DAY, WINDOWS, write_history
from sqlalchemy import Connection, event, func, insert, select, text, update

from airmedic.testing.production import day, renewals, workspace
from airmedic_core.decide import Request, decide
from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.incident_lifecycle import close_incident, note_healthy, open_incident
from airmedic_core.ledger import Ledger, tables
from airmedic_core.monitor import assess, check_batch, publish_report, resolve_batch
from airmedic_core.records import Role
from airmedic_core.registry import Registry
from airmedic_core.reports import incident_report
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from airmedic_local.installation import PROJECT

LIMIT_SECONDS = 0.05
CONNECT = "(a connection)"
UNTIMED = {"open", "lock", "hold", "begin_timing"}
RECORDS_PER_BATCH = 6
"""Records of the audit chain that a monitoring run appends."""
BATCHES_PER_INCIDENT = 100
CHANGED_ON = FIRST + WINDOWS + 3
"""From this day on the relation between inputs and label is another one."""
MANY = """WITH RECURSIVE
fleet(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM fleet WHERE i + 1 < {models}),
past(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM past WHERE j + 1 < {batches}),
many AS (SELECT 'fleet_' || (1000 + i) AS model, i, j, 'fleet_' || (1000 + i) || '__' || (10000 + j) AS id
         FROM fleet CROSS JOIN past)"""
"""The batches of the fleet. Both databases make them themselves, which takes minutes less than sending them."""
MOMENTS = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', '2020-01-01', '+' || (j + {more}) || ' hours')",
    "postgresql": "timestamptz '2020-01-01 00:00:00+00' + (j + {more}) * interval '1 hour'",
}


HEALTHY = """'{"headline": "Nothing has changed.", "outcome": "healthy"}'"""
PAGE_WINDOWS = 60
TIMES = 7
"""Sets how often each question of a page is asked."""


class Taken(NamedTuple):
    """Says what one question took, in seconds, from its first statement to the decoded answer."""

    seconds: float
    cpu_seconds: float
    """Of this process. SQLite is all of it; Postgres is another one."""
    statement_seconds: float
    """Of its longest statement, with what was made of its rows."""
    statement_cpu_seconds: float


class TimedLedger(Ledger):
    """A ledger that notes how long each question took.

    The connection that is made for it is noted apart: it takes as long however large the ledger is.
    """

    taken: dict[str, list[Taken]]
    asked: bool = False
    connecting: float = 0.0
    marks: list[tuple[float, float]]
    """The moments at which the statements of a question began, on the clock and in CPU seconds of this process."""

    def begin_timing(self) -> None:
        """Note from now on."""
        self.taken, self.marks = defaultdict(list), []
        event.listen(self._engine, "do_connect", self._connect)
        event.listen(self._engine, "before_cursor_execute", lambda *_: self.marks.append(_clocks()))

    def _connect(self, dialect: Any, _: object, arguments: list[Any], named: dict[str, Any]) -> Any:
        began = _clocks()
        connection = dialect.connect(*arguments, **named)
        self.taken[CONNECT].append(_taken([began, _clocks()]))
        return connection

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name.startswith("_") or not callable(value) or name in UNTIMED:
            return value

        @wraps(value)
        def timed(*arguments: Any, **named: Any) -> Any:
            if self.asked:
                return value(*arguments, **named)
            self.asked = True
            self.marks.clear()
            began = _clocks()
            try:
                return value(*arguments, **named)
            finally:
                self.taken[name].append(_taken([*(self.marks or [began]), _clocks()]))
                self.asked = False

        return timed


def _clocks() -> tuple[float, float]:
    return perf_counter(), process_time()


def _taken(moments: list[tuple[float, float]]) -> Taken:
    steps = [(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(moments)]
    seconds, cpu_seconds = (sum(values) for values in zip(*steps, strict=True))
    return Taken(seconds, cpu_seconds, *(max(values) for values in zip(*steps, strict=True)))


def ask_ledger(home: Path, url: str, models: int, batches: int) -> Table:
    """Return how long each question took."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ws = watched_model(home, url)
        size = fill(ws, models, batches)
        taken = ask_everything(ws)
        pruned = prune(ws, batches)
    named = f"{models:,} models × {batches:,} batches, {size} rows, {ws.ledger._engine.dialect.name}"  # noqa: SLF001 - the benchmark looks inside
    table = Table(title=f"The questions of one model's tasks: {named}")
    for name in ("question", "times", "first", "p50", "most of the others", "CPU, p50", "a statement, p50", "its CPU"):
        table.add_column(name, justify="left" if name == "question" else "right")
    # What another process computes, as Postgres does, is not in the CPU time of this one.
    inside = ws.ledger._engine.dialect.name == "sqlite"  # noqa: SLF001
    for name, asked in sorted(taken.items(), key=lambda item: -median(took.cpu_seconds for took in item[1])):
        seconds, cpu, statement, statement_cpu = (median(values) for values in zip(*asked, strict=True))
        most = max(took.seconds for took in asked[1:] or asked)
        shown = (asked[0].seconds, seconds, most, cpu, statement, statement_cpu)
        slow = " !" if (statement_cpu if inside else statement) > LIMIT_SECONDS else ""
        told = [f"{value * 1000:.1f}" for value in shown]
        table.add_row(name, str(len(asked)), *told[:-1], told[-1] + slow)
    load = f"{os.getloadavg()[1]:.0f} processes wanted to run meanwhile"
    limit = f"! is a statement of more than {LIMIT_SECONDS * 1000:.0f} ms"
    table.caption = f"Milliseconds; {load}; {limit}. {pruned}"
    return table


def watched_model(home: Path, url: str) -> Workspace:
    """Return a model with a champion and as many windows as a check looks back to."""
    shutil.copytree(PROJECT / "include" / "policies", home / "policies")
    rows = renewals(days=CHANGED_ON + 12, per_day=ROWS_A_DAY, changed_on=CHANGED_ON)
    ws = workspace(home, rows)
    if url:
        ledger = Ledger.open(url)
        settings = replace(ws.settings, ledger_url=url)
        ws = Workspace(ws.spec, settings, ledger, Registry(settings.tracking_uri, ledger))
    write_history(ws)
    return ws


def fill(ws: Workspace, models: int, batches: int) -> str:
    """Add the batches of the fleet with all that belongs to them, and return how many rows there are."""
    with ws.ledger._engine.begin() as connection:  # noqa: SLF001 - not through the ledger, which would seal each row
        add_history(connection, batches - WINDOWS)
        kind = connection.dialect.name
        start, end = (MOMENTS[kind].format(more=more) for more in (0, 1))
        # Every hundredth model has an incident that is open.
        state = f"CASE WHEN j >= {batches - BATCHES_PER_INCIDENT} AND i % 100 = 0 THEN 'open' ELSE 'resolved' END"
        seldom = f"(i * {batches} + j) % {BATCHES_PER_INCIDENT} = 0"
        window = {"window_start": start, "window_end": end, "as_of": end}
        batch = {"id": "id", "model": "model", "rows": "100", "outcome": "'healthy'", "cause": "'healthy'"}
        batch |= {"metric_name": "'roc_auc'", "metric_value": "0.8", "metric_limit": "0.75", "largest_move": "0.1"}
        batch |= {"metric_higher_is_better": "true", "assessment": HEALTHY, "assessed_at": end}
        incident = {"id": "id", "model": "model", "state": state, "severity": "'high'", "cause": "'concept_drift'"}
        incident |= {"headline": "'Worse'", "fingerprint": "'f1'", "batch_ids": "'[]'", "resolution": "'{}'"}
        action = {"proposal_hash": "id", "attempt": "1", "incident_id": "id", "model": "model", "action": "'retrain'"}
        action |= {"status": "'done'", "summary": "''", "seconds": "1", "output": "'{}'", "snapshot": "'{}'"}
        fleet = [("batches", batch | window, "true"), *findings_of_fleet(connection)]
        fleet += [("incidents", incident | window | {"opened_at": end}, seldom)]
        fleet += [("actions", action | {"started_at": end, "finished_at": end}, seldom)]
        many = MANY.format(models=models - 1, batches=batches)
        for table, values, where in fleet:
            names, selected = ", ".join(values), ", ".join(values.values())
            connection.execute(text(f"INSERT INTO {table} ({names}) {many} SELECT {selected} FROM many WHERE {where}"))
        add_audit(connection, many, batches)
        add_champions(connection, models - 1)
        connection.execute(text("ANALYZE"))
        counts = [
            connection.execute(select(func.count()).select_from(table)).scalar() or 0
            for table in tables.metadata.sorted_tables
        ]
    if kind == "sqlite":
        # All of it lies in the write-ahead log, which the first who asks would have to read.
        with ws.ledger._engine.connect() as connection:  # noqa: SLF001
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    return f"{sum(counts):,}"


def add_audit(connection: Connection, many: str, batches: int) -> None:
    """Add the records of the audit chain that the fleet's batches would have."""
    head = connection.execute(select(tables.audit_head)).one()
    records = f", record(r) AS (SELECT 0 UNION ALL SELECT r + 1 FROM record WHERE r + 1 < {RECORDS_PER_BATCH})"
    sequence = f"{head.sequence} + 1 + (i * {batches} + j) * {RECORDS_PER_BATCH} + r"
    selected = f"{sequence}, '2026-01-01T00:00:00+00:00', 'batch', id, '{{}}', '', id || '_' || r"
    columns = "sequence, at, kind, subject, payload, previous_hash, hash"
    connection.execute(
        text(f"INSERT INTO audit ({columns}) {many} {records} SELECT {selected} FROM many CROSS JOIN record")
    )
    last = connection.execute(select(func.max(tables.audit.c.sequence))).scalar()
    connection.execute(update(tables.audit_head).values(sequence=last))


def add_champions(connection: Connection, models: int) -> None:
    """Let every model of the fleet have been adopted once."""
    last = connection.execute(select(func.max(tables.promotions.c.sequence))).scalar() or 0
    switch = {"from_version": None, "to_version": "1", "kind": "adopt", "at": day(FIRST), "by": "anna"}
    rows = [{**switch, "sequence": last + 1 + number, "model": f"fleet_{1000 + number}"} for number in range(models)]
    connection.execute(insert(tables.promotions), rows)


def findings_of_fleet(connection: Connection) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield as many findings for each batch as one of the watched model's has."""
    for table in (tables.data_quality, tables.model_metrics):
        newest = select(func.max(table.c.batch_id)).scalar_subquery()
        for row in connection.execute(select(table).where(table.c.batch_id == newest)):
            values = {"batch_id": "id", "check_group": f"'{row.check_group}'", "position": str(row.position)}
            values |= {"model": "model", "check_name": f"'{row.check_name}'", "subject": "'s'", "statistic": "'x'"}
            yield table.name, values | {"verdict": "'ok'", "record": "'{}'"}, "true"


def add_history(connection: Connection, batches: int) -> None:
    """Give the watched model so many windows more, before its first, each with the findings of its newest."""
    newest = connection.execute(select(tables.batches).order_by(tables.batches.c.window_start.desc()).limit(1)).one()
    for number in range(1, batches + 1):
        start = day(FIRST) - timedelta(days=number)
        window = Window(start, start + timedelta(days=1))
        batch_id = f"{MODEL}__{window.key}"
        moments = {"window_start": window.start, "window_end": window.end, "as_of": window.end}
        connection.execute(insert(tables.batches).values({**newest._mapping, "id": batch_id, **moments}))  # noqa: SLF001 - public, despite its name
        for table in (tables.data_quality, tables.model_metrics):
            rows = connection.execute(select(table).where(table.c.batch_id == newest.id)).mappings()
            connection.execute(insert(table), [{**row, "batch_id": batch_id} for row in rows])


def ask_everything(ws: Workspace) -> dict[str, list[Taken]]:
    """Watch a few more windows, and take an incident from its opening to its end."""
    ledger = TimedLedger.open(ws.settings.ledger_url)
    ledger.begin_timing()
    ws = replace(ws, ledger=ledger, registry=Registry(ws.settings.tracking_uri, ledger))
    now = datetime.now(UTC)
    for number in range(FIRST + WINDOWS, CHANGED_ON + 6):
        window = Window(day(number), day(number + 1))
        batch = resolve_batch(ws, window=window, moment=day(number + 3))
        for group in ("data", "drift", "performance"):
            check_batch(ws, batch, group)
        assessment = assess(ws, batch)
        publish_report(ws, batch)
        if assessment.outcome != "incident":
            note_healthy(ws, batch)
            continue
        incident = open_incident(ws, batch, now=now)
        collect_evidence(ws, incident.id)
        diagnose(ws, incident.id)
        decision = decide(ws, incident.id, Request(), now=now)
        if decision.proposal is not None:
            ledger.answer_proposal(decision.proposal.hash, "reject", by="anna", at=now, channel="airflow")
        close_incident(ws, incident.id, now=now)
        incident_report(ws, incident.id)
    of_the_fleet(ledger, now)
    for _ in range(TIMES):
        of_the_pages(ledger, now)
    return ledger.taken


def of_the_fleet(ledger: Ledger, now: datetime) -> None:
    """Ask what people and limits ask of all models."""
    ledger.observed_models()
    ledger.incidents(open_only=True)
    ledger.incidents(limit=100)
    ledger.actions(since=now - timedelta(days=1))
    ledger.overrides()
    ledger.audit_records()
    ledger.unchecked(MODEL)
    ledger.finding_history(MODEL, limit=60)
    ledger.holds_audit_hash("0" * 64)
    ledger.oldest_kept(MODEL, before=now)
    ledger.forgettable(MODEL, before=day(FIRST))


def of_the_pages(ledger: Ledger, now: datetime) -> None:
    """Ask what the pages of the fleet, of a model and of a column ask, beside what tasks ask as well."""
    ledger.fleet_rows(now=now)
    ledger.waiting_proposals(now=now)
    batch_ids = [row.id for row in ledger.window_rows(MODEL, limit=PAGE_WINDOWS)]
    ledger.cells(batch_ids, {Role.INPUT_MOVED})
    ledger.cells(batch_ids, {Role.DATA_FAULT, Role.INPUT_MOVED}, only_noted=True)
    ledger.findings_on("batch", batch_ids)
    hashes = [promotion.proposal_hash for promotion in ledger.promotions(MODEL) if promotion.proposal_hash]
    ledger.approvers_of(hashes)


def prune(ws: Workspace, batches: int) -> str:
    """Forget the old windows of one model of the fleet, and return what that took."""
    now, model = datetime.now(UTC), "fleet_1000"
    began, cpu = perf_counter(), process_time()
    before = ws.ledger.oldest_kept(model, before=now)
    old = ws.ledger.forgettable(model, before=before) if before else []
    asked = perf_counter() - began
    forgotten = ws.ledger.forget_findings(model, old, author="anna")
    seconds, cpu = perf_counter() - began, process_time() - cpu
    return (
        f"'airmedic prune' forgot {forgotten.findings:,} findings in {len(old):,} of a model's {batches:,} windows in "
        f"{seconds:.2f} s ({cpu:.2f} s of CPU here), {asked:.2f} s of it to find them."
    )
