"""Kills processes at each step of each action, starts others that go on, and prints what came of it.

A step is each transaction of the ledger and each call that writes to MLflow: a process is killed (``kill -9``) right
before and right after it. Then another process carries the same proposal out, or is killed too, and a last one finishes
it. Besides, two processes carry out one proposal at once.

    python -m tests.chaos [--postgres URL] [--actions rollback,deploy]
"""

from __future__ import annotations

import argparse
import functools
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

WRITES = ("set_", "create_", "delete_", "update_", "log_", "transition_", "rename_")
"""How the methods of MLflow's client begin that change something."""

BUSY_AGAIN = 8
"""Attempts of a process that finds the lock of the other one held: Airflow retries what a retry helps."""

SHORT_LEASE_SECONDS = 3.0
"""How long a process waits for one that was killed while it acted: long enough for a live one to renew its lease."""


@dataclass
class Row:
    """What came of one action's trials."""

    action: str
    steps: int = 0
    kills: int = 0
    trials: int = 0
    problems: list[str] = field(default_factory=list)


def kill_at(step: int) -> None:
    """Let this process be killed at a step; steps are counted from 1 on."""
    from mlflow import MlflowClient

    from airmedic_core.ledger.store import Store

    reached = itertools.count(1)

    def pass_step() -> None:
        if next(reached) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    writing = Store._writing

    @contextmanager
    def _writing(self: Store) -> Iterator[Any]:
        pass_step()
        with writing(self) as connection:
            yield connection
        pass_step()

    Store._writing = _writing  # type: ignore[method-assign]
    for name in dir(MlflowClient):
        if name.startswith(WRITES):
            setattr(MlflowClient, name, _stepping(getattr(MlflowClient, name), pass_step))


def _stepping(method: Callable[..., Any], pass_step: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*arguments: Any, **options: Any) -> Any:
        pass_step()
        result = method(*arguments, **options)
        pass_step()
        return result

    return call


def in_child(work: Callable[[], str]) -> tuple[bool, str]:
    """Do something in a process of its own; return whether it was killed, and what it said."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            said = work()
        except BaseException as error:  # noqa: BLE001  whatever happens is told to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode()[:60_000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status), said


class Trials:
    """The trials of one action in one kind of ledger."""

    def __init__(self, action: str, root: Path, server: str) -> None:
        from tests.chaos.cases import CASES

        self.action, self.case, self.server = action, CASES[action], server
        self.root = root / f"{action}{'_postgres' if server else ''}"
        self.root.mkdir()
        self.number = 0
        self.row = Row(action)
        self.proposal = self._prepared()

    def _prepared(self) -> str:
        from tests.chaos.cases import prepare

        home = self.root / "prepared"
        home.mkdir()
        url = self._database("prepared") if self.server else ""
        killed, said = in_child(lambda: "hash " + prepare(home, self.case, url).hash)
        if killed or not said.startswith("hash "):
            sys.exit(f"{self.action} could not be prepared: {said}")
        return said.removeprefix("hash ")

    def _database(self, name: str, template: str = "") -> str:
        import psycopg

        database = f"chaos_{self.action}_{name}"
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database}")
            connection.execute(f"CREATE DATABASE {database}" + (f" TEMPLATE {template}" if template else ""))
        return self.server.rpartition("/")[0] + f"/{database}"

    def _home(self) -> tuple[Path, str]:
        self.number += 1
        home = self.root / "trial"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.root / "prepared", home)
        url = self._database("trial", f"chaos_{self.action}_prepared") if self.server else ""
        return home, url

    def _run(self, home: Path, url: str, step: int = 0) -> tuple[bool, str]:
        from airmedic_core.errors import AirmedicError
        from airmedic_core.remedy import carry_out, driver
        from tests.chaos.cases import NOW, opened

        def work() -> str:
            driver.LEASE_SECONDS = SHORT_LEASE_SECONDS
            if step:
                kill_at(step)
            ws = opened(home, url)
            for _ in range(BUSY_AGAIN):
                try:
                    return carry_out(ws, self.proposal, now=NOW + timedelta(minutes=1)).status
                except AirmedicError as error:
                    if not error.transient:
                        raise
                    time.sleep(0.5)
            return "still busy"

        return in_child(work)

    def _killed(self, home: Path, url: str, step: int) -> tuple[bool, str]:
        """Run a process that is killed at a step, and let what it had leased end, as it does after half a minute."""
        from sqlalchemy import update

        from airmedic_core.ledger.tables import locks
        from tests.chaos.cases import NOW, opened

        killed, said = self._run(home, url, step)

        def work() -> str:
            with opened(home, url).ledger._writing() as connection:
                connection.execute(update(locks).values(expires_at=NOW))
            return ""

        if killed:
            in_child(work)
        return killed, said

    def _judge(self, home: Path, url: str, what: str, said: str) -> None:
        from tests.chaos.cases import opened, problems

        def work() -> str:
            ws = opened(home, url)
            return "; ".join(problems(ws, ws.ledger.proposal(self.proposal), self.case))

        _, complaints = in_child(work)
        self.row.trials += 1
        if said != "done":
            complaints = f"it ended with {said!r}; {complaints}"
        if complaints:
            self.row.problems.append(f"{self.action}, {what}: {complaints}")

    def once(self, step: int) -> bool:
        """Kill one process at a step, and let another finish; return whether there was such a step."""
        home, url = self._home()
        killed, said = self._killed(home, url, step)
        if not killed:
            self._judge(home, url, "no kill", said)
            return False
        self.row.steps, self.row.kills = step, self.row.kills + 1
        self._judge(home, url, f"killed at {step}", self._run(home, url)[1])
        return True

    def twice(self, first: int, second: int) -> None:
        """Kill a process, and the one that goes on, and let a third finish."""
        home, url = self._home()
        for step in (first, second):
            self.row.kills += self._killed(home, url, step)[0]
        self._judge(home, url, f"killed at {first} and then at {second}", self._run(home, url)[1])

    def at_once(self) -> None:
        """Carry out the same proposal in two processes."""
        from concurrent.futures import ThreadPoolExecutor

        home, url = self._home()
        with ThreadPoolExecutor(2) as pool:
            ended = list(pool.map(lambda _: self._run(home, url)[1], range(2)))
        worst = next((said for said in ended if said != "done"), "done")
        self._judge(home, url, "two processes at once", worst)

    def run(self) -> Row:
        """Run all trials."""
        step = 1
        while self.once(step):
            step += 1
        for first in range(1, step, 3):
            self.twice(first, 1 + (first * 7) % max(step - first, 1))
        for _ in range(3):
            self.at_once()
        return self.row


def table(rows: list[Row], ledger: str) -> str:
    """Return the results as a table in markdown."""
    kills, trials = sum(row.kills for row in rows), sum(row.trials for row in rows)
    problems = sum(len(row.problems) for row in rows)
    lines = [
        f"| {ledger} | steps | kills | trials | lost, doubled or unapproved |",
        "|---|---:|---:|---:|---:|",
        *(f"| {row.action} | {row.steps} | {row.kills} | {row.trials} | {len(row.problems)} |" for row in rows),
        f"| **all** | | {kills} | {trials} | {problems} |",
    ]
    return "\n".join(lines)


def main() -> int:
    """Run the trials and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", metavar="URL", default="", help="run with the ledger in this Postgres, too")
    parser.add_argument("--actions", metavar="NAMES", default="", help="only these, separated by commas")
    chosen = parser.parse_args()
    import mlflow  # noqa: F401  loaded once: the processes that are killed are forks of this one
    import sklearn.ensemble  # noqa: F401

    from tests.chaos.cases import CASES

    names = chosen.actions.split(",") if chosen.actions else list(CASES)
    bad: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        for server in ["", chosen.postgres] if chosen.postgres else [""]:
            rows = []
            for name in names:
                row = Trials(name, Path(place), server).run()
                print(f"{name}: {row.trials} trials, {len(row.problems)} problems", file=sys.stderr, flush=True)
                rows.append(row)
                bad += row.problems
            print(table(rows, "Ledger in Postgres" if server else "Ledger in SQLite") + "\n", flush=True)
    for problem in bad:
        print(problem)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
