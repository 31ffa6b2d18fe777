"""Trials of one action: in which order they run, for how long, and what came of them."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_TELL_EACH = 10
"""Trials after which it is told how far an action has come."""


@dataclass
class Row:
    """What came of one action's trials of one kind."""

    action: str
    kind: str = ""
    steps: int = 0
    events: int = 0
    """Kills, or outages that a process has met."""
    trials: int = 0
    left_out: int = 0
    """Trials for which there was no time left."""
    problems: list[str] = field(default_factory=list)

    def add(self, trial: str, said: str, wrong: str) -> None:
        """Count a trial, with what its last process said and what is wrong afterwards."""
        self.trials += 1
        if not said.startswith("done "):
            wrong = f"it ended with {said!r}; {wrong}"
        if wrong:
            self.problems.append(f"{self.action}, {trial}: {wrong}")


@dataclass(frozen=True)
class Trial:
    """One trial, and the row that it adds to."""

    row: Row
    run: Callable[[], None]


def run_trials(trials: Sequence[Trial], *, most_seconds: float, where: str) -> None:
    """Run trials, and tell how far they have come.

    Parameters
    ----------
    trials : sequence of Trial
        What is to be run, in any order.
    most_seconds : float
        When no further trial begins. They run in an order that was drawn once, so that those that are left out are
        spread over all steps and kinds.
    where : str
        What they are told as.
    """
    drawn, began = list(trials), time.monotonic()
    random.Random(0).shuffle(drawn)  # noqa: S311  an order, not a secret
    for number, trial in enumerate(drawn, start=1):
        if time.monotonic() - began > most_seconds:
            trial.row.left_out += 1
            continue
        trial.run()
        if number % _TELL_EACH == 0:
            problems = sum(len(row.problems) for row in {id(known.row): known.row for known in drawn}.values())
            took = time.monotonic() - began
            told = f"{where}: {number} of {len(drawn)} trials in {took:.0f} s, {problems} problems"
            print(told, file=sys.stderr, flush=True)
