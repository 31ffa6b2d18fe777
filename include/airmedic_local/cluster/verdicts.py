"""Says what has to hold after the story: nothing lost, nothing done twice, everybody asked who had to be."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_local.airflow_client import AirflowClient
from airmedic_local.cluster.content import MODEL
from airmedic_local.cluster.people import Person
from airmedic_local.scorecard import missing_steps

if TYPE_CHECKING:
    from airmedic_core.simulate import Day
    from airmedic_core.workspace import Workspace

_MADE_BY_HAND = 2
"""Versions that no training of Airmedic's made: the one that was adopted, and the story's unfinished experiment."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Verdict:
    """One thing that has to hold."""

    what: str
    problems: tuple[str, ...]
    told: str = ""
    """Says what was counted."""


def verdicts(ws: Workspace, client: AirflowClient, approver: Person, env: Mapping[str, str]) -> Iterator[Verdict]:
    """Yield what has to hold, with what is wrong.

    Parameters
    ----------
    ws : Workspace
        The model.
    client : AirflowClient
        Of somebody who may look at runs.
    approver : Person
        The only one who may approve.
    env : mapping
        The environment of a service, for Airmedic's command line.
    """
    yield _story(ws)
    yield _actions(ws)
    yield _trainings(ws)
    yield _promotions(ws)
    yield _approvals(ws, approver)
    yield _days(ws)
    yield _runs(client)
    yield _command("audit chain verifies", ("audit", "verify"), env)
    yield _command("airmedic doctor finds nothing broken", ("doctor",), env)


def _story(ws: Workspace) -> Verdict:
    incidents = ws.ledger.incidents(MODEL)
    told = ", ".join(f"{number} {state}" for state, number in Counter(str(i.state) for i in incidents).items())
    return Verdict("every incident found, healed and resolved", tuple(missing_steps(ws)), told)


def _actions(ws: Workspace) -> Verdict:
    attempts = ws.ledger.actions(model=MODEL)
    # Two trainings of one incident are two proposals, where the gate has refused the first.
    done = Counter((a.proposal_hash, a.action) for a in attempts if a.status == "done")
    twice = [f"{action} was done {number} times" for (_, action), number in done.items() if number > 1]
    open_ = [f"{a.action} is still {a.status}" for a in attempts if a.result is None]
    counted = ", ".join(f"{number} {action}" for action, number in sorted(Counter(a for _, a in done).items()))
    return Verdict("each action carried out once", (*twice, *open_), counted)


def _trainings(ws: Workspace) -> Verdict:
    from airmedic_core.actions import trains

    done = [a for a in ws.ledger.actions(model=MODEL) if trains(a.action) and a.status == "done"]
    versions = ws.registry.versions(MODEL)
    expected = len(done) + _MADE_BY_HAND
    problems = [] if len(versions) == expected else [f"{len(versions)} versions are registered, not {expected}"]
    if not done:
        problems.append("nothing was trained")
    return Verdict(
        "one version registered for each training", tuple(problems), f"{len(done)} trained, {len(versions)} versions"
    )


def _promotions(ws: Workspace) -> Verdict:
    promotions = ws.ledger.promotions(MODEL)
    approved = Counter(p.proposal_hash for p in promotions if p.proposal_hash)
    problems = [f"a proposal switched the champion {number} times" for number in approved.values() if number > 1]
    return Verdict(
        "each switch of the champion once, by a proposal",
        tuple(problems),
        ", ".join(reversed([p.kind for p in promotions])),
    )


def _approvals(ws: Workspace, approver: Person) -> Verdict:
    problems, counted = [], 0
    for attempt in ws.ledger.actions(model=MODEL):
        answers = [
            a for a in ws.ledger.approvals(attempt.proposal_hash) if a.channel != "policy" and not a.refused_because
        ]
        counted += len(answers)
        strangers = {a.by for a in answers if approver.name not in a.by and approver.id not in a.by}
        problems += [f"{attempt.action} was approved by {name}" for name in sorted(strangers)]
    if not counted:
        problems.append("nobody approved anything")
    return Verdict(f"approved by {approver.name} alone", tuple(problems), f"{counted} answers")


def told_days(days: Sequence[Day]) -> Sequence[Day]:
    """Return the days with which the story was told; more may have been produced since."""
    from airmedic_core.simulate import is_told

    return next((days[:count] for count in range(1, len(days)) if is_told(days[:count])), days)


def _days(ws: Workspace) -> Verdict:
    from airmedic_core.simulate import story_so_far

    produced = story_so_far(ws)
    days, more = ({f"{MODEL}__{day.window.key}" for day in part} for part in (told_days(produced), produced))
    assessed = {seen.batch.id for seen in ws.ledger.batches(MODEL, limit=500) if seen.assessment is not None}
    problems = [f"{day} was not assessed" for day in sorted(days - assessed)]
    problems += [f"{day} was assessed and never produced" for day in sorted(assessed - more)]
    return Verdict("each day assessed", tuple(problems), f"{len(assessed)} days")


def _runs(client: AirflowClient) -> Verdict:
    problems, counted = [], []
    for kind in ("monitor", "remediate"):
        states = Counter(str(run["state"]) for run in client.runs(f"{kind}__{MODEL}"))
        # A day that comes after the end of the story may still be looked at.
        problems += [f"{number} runs of {kind} {state}" for state, number in states.items() if state == "failed"]
        counted.append(f"{states.total()} of {kind}")
    return Verdict("no run of Airflow failed", tuple(problems), ", ".join(counted))


def _command(what: str, words: tuple[str, ...], env: Mapping[str, str]) -> Verdict:
    command = [sys.executable, "-m", "airmedic_core.cli", *words]
    done = subprocess.run(command, env=dict(env), cwd=Path.home(), capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).strip()
    last = said.splitlines()[-1].strip() if said else ""
    return Verdict(what, (said[-1500:],) if done.returncode else (), last[:100])
