"""Kills processes at each step of an action, and lets several carry it out at once."""

from __future__ import annotations

from functools import partial

from tests.chaos.place import Place, Production, judged
from tests.chaos.processes import Child, as_airflow_retries, at_step, kill, start
from tests.chaos.trials import Row, Trial

AT_ONCE = 3
"""Trials of two processes at once: which of them comes first is left to the machine."""


def act(place: Place, production: Production) -> str:
    """Act as a task does it: its connections are opened at each attempt."""
    return as_airflow_retries(lambda: place.act(production))


def kills_of(place: Place, steps: int) -> tuple[Row, list[Trial]]:
    """Kill one process at each step; two one after the other, where another step begins; and let two work at once.

    Parameters
    ----------
    place : Place
        The action.
    steps : int
        How many steps it has where nothing befalls it.
    """
    row = Row(place.action, steps=steps)
    # One step more than there are: nobody is killed there. The second of two goes on from somewhere, so that its own
    # steps are others; any of them may be the last.
    works = [
        *(partial(_killed_once, place, row, step) for step in range(1, steps + 2)),
        *(partial(_killed_twice, place, row, first, 1 + first * 7 % steps) for first in range(1, steps + 1, 3)),
        *(partial(_two_at_once, place, row) for _ in range(AT_ONCE)),
    ]
    return row, [Trial(row, work) for work in works]


def steps_of(place: Place) -> int:
    """Return how many steps an action has that nothing befalls."""
    production = place.renewed()

    def work() -> str:
        steps = at_step(0, lambda: None)
        act(place, production)
        return str(steps())

    return int(start(work).ended()[1])


def _killed_once(place: Place, row: Row, step: int) -> None:
    production = place.renewed()
    killed, said = _carried_out(place, production, step).ended()
    if killed:
        row.events += 1
        _, said = _carried_out(place, production).ended()
    row.add(f"killed at {step}" if killed else "no kill", said, judged(place, production))


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
        return act(place, production)

    return start(work)
