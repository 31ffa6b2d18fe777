"""Kills processes at each step of an action, and lets several carry it out at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from tests.chaos.place import Place, Production, judged
from tests.chaos.processes import Child, as_airflow_retries, at_step, kill, start

AT_ONCE = 3
"""Trials of two processes at once: which of them comes first is left to the machine."""


@dataclass
class Row:
    """What came of one action's trials."""

    action: str
    kind: str = ""
    steps: int = 0
    events: int = 0
    """Kills, or outages that a process has met."""
    trials: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, trial: str, said: str, wrong: str) -> None:
        """Count a trial, with what its last process said and what is wrong afterwards."""
        self.trials += 1
        if not said.startswith("done "):
            wrong = f"it ended with {said!r}; {wrong}"
        if wrong:
            self.problems.append(f"{self.action}, {trial}: {wrong}")


def carry_out_proposal(production: Production, proposal: str) -> str:
    """Carry a proposal out as a task does it: its connections are opened at each attempt."""
    from airmedic_core.execution import carry_out
    from tests.core.renewals import NOW

    return as_airflow_retries(lambda: carry_out(production.opened(), proposal, now=NOW + timedelta(minutes=1)).status)


def kills_of(place: Place) -> Row:
    """Kill one process at each step; two one after the other, where another step begins; and let two work at once."""
    row = Row(place.action)
    while _killed_once(place, row, row.steps + 1):
        row.steps += 1
    for first in range(1, row.steps + 1, 3):
        # The second one goes on from somewhere, so that its own steps are others; any of them may be the last.
        _killed_twice(place, row, first, 1 + first * 7 % row.steps)
    for _ in range(AT_ONCE):
        _two_at_once(place, row)
    return row


def _killed_once(place: Place, row: Row, step: int) -> bool:
    production = place.renewed()
    killed, said = _carried_out(place, production, step).ended()
    if killed:
        row.events += 1
        _, said = _carried_out(place, production).ended()
    row.add(f"killed at {step}" if killed else "no kill", said, judged(place, production))
    return killed


def _killed_twice(place: Place, row: Row, first: int, second: int) -> None:
    production = place.renewed()
    for step in (first, second):
        row.events += _carried_out(place, production, step).ended()[0]
    _, said = _carried_out(place, production).ended()
    row.add(f"killed at {first} and then at {second}", said, judged(place, production))


def _two_at_once(place: Place, row: Row) -> None:
    production = place.renewed()
    ended = [child.ended()[1] for child in [_carried_out(place, production) for _ in range(2)]]
    worst = next((said for said in ended if not said.startswith("done ")), ended[0])
    row.add("two processes at once", worst, judged(place, production))


def _carried_out(place: Place, production: Production, kill_at: int = 0) -> Child:
    def work() -> str:
        if kill_at:
            at_step(kill_at, kill)
        return carry_out_proposal(production, place.proposal)

    return start(work)
