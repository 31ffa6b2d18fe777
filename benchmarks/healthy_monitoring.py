"""Monitors tables of real rows window after window, and prints how many ordinary windows raise an alarm.

AIRMEDIC_DATA=… python benchmarks/healthy_monitoring.py                 the tables that may be looked at
AIRMEDIC_DATA=… python benchmarks/healthy_monitoring.py --part closed   those that measure

Checks of the data and of drift run, with the history of the windows before; there is no model, so nothing is said of
performance. A window is ordinary where the look of ``labelled/looks.py`` finds it as alike to the reference as the
reference's own parts are. Windows that are not stay in the history, as they would in life.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from airmedic_core.assess import weigh
from airmedic_core.checks import run_group
from airmedic_core.comparison import CheckContext, PastWindow
from airmedic_core.comparison.facts import RowFacts, row_facts
from airmedic_core.comparison.rows import facts_by_window, sample
from airmedic_core.profile import Reference, build_profile, build_reference
from airmedic_core.records import Assessment, Batch
from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.windows import Window
from labelled.figures import Rate
from labelled.looks import refusal
from labelled.tables import TABLES, TIME, Table

_REFERENCE_WINDOWS = 13
"""A quarter of weeks, or two weeks of days."""
_MONITORED_WINDOWS = 6
_STARTS = 3
"""References of each table, from different times: rows move away from any of them before long."""


@dataclass
class Monitored:
    """A table whose windows are checked one after the other."""

    table: Table
    step: pd.Timedelta
    rows: pd.DataFrame
    """Of the reference."""
    spec: ModelSpec = field(init=False)
    reference: Reference = field(init=False)
    reference_facts: tuple[RowFacts, ...] = field(init=False)
    history: tuple[PastWindow, ...] = ()
    """Newest first."""

    def __post_init__(self) -> None:
        hours = int(self.step / pd.Timedelta(hours=1))
        every = f"{hours // 24} days" if hours % 24 == 0 else f"{hours} hours"
        self.spec = parse_spec({**self.table.spec, "window": {"every": every}, "checks": {"quality": False}})
        self.reference = build_reference(self.spec, self.rows)
        self.reference_facts = facts_by_window(self.spec, self.rows, self.reference)

    def check(self, start: pd.Timestamp, rows: pd.DataFrame) -> Assessment:
        """Check the rows of the window that starts at a moment, and keep it in the history."""
        window = Window(start.to_pydatetime(), (start + self.step).to_pydatetime())
        columns = [*self.table.numeric, *self.table.categorical]
        profile, facts = (
            build_profile(self.reference.edges, rows, window=window),
            row_facts(self.spec, rows, window, columns),
        )
        batch = Batch(self.spec.name, window, window.end, len(rows))
        context = CheckContext(
            spec=self.spec, batch=batch, frame=rows, reference=self.reference, profile=profile, history=self.history,
            facts_of=lambda: facts, reference_facts_of=lambda: self.reference_facts,
            reference_rows_of=lambda: sample(self.rows),
        )  # fmt: skip
        findings = [finding for group in ("data", "drift") for finding in run_group(context, group)]
        assessment = weigh(batch, findings)
        past = PastWindow(window, len(rows), None, assessment, profile, facts, tuple(findings))
        self.history = (past, *self.history)
        return assessment


def main() -> int:
    """Monitor and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("open", "closed"), default="open")
    options = parser.parse_args()
    if not os.environ.get("AIRMEDIC_DATA"):
        print("AIRMEDIC_DATA does not name the folder of the data sets: nothing to run.")
        return 0
    warnings.simplefilter("ignore")
    print("| table, windows | ordinary windows | incidents | watched | causes |\n|---|---|---|---|---|")
    total, alarms = 0, 0
    for table in TABLES:
        for step in table.steps if table.part == options.part else ():
            outcomes = [assessment for ordinary, assessment in _monitored(table, pd.Timedelta(step)) if ordinary]
            incidents = Counter(str(item.cause) for item in outcomes if item.outcome == "incident")
            watched = sum(item.outcome == "watch" for item in outcomes)
            causes = ", ".join(f"{cause} {count}" for cause, count in incidents.items())
            total, alarms = total + len(outcomes), alarms + incidents.total()
            print(
                f"| {table.name}, {step} | {len(outcomes)} | {incidents.total()} | {watched} | {causes} |", flush=True
            )
    print(f"| all | {Rate(alarms, total)} | | | |")
    return 0


def _monitored(table: Table, step: pd.Timedelta) -> Iterator[tuple[bool, Assessment]]:
    """Check windows in their order; say of each whether it is ordinary, and what the checks make of it."""
    rows = table.rows()
    rows[TIME] = rows[TIME].dt.tz_localize("UTC")
    first, length = rows[TIME].iloc[0].ceil("D"), (_REFERENCE_WINDOWS + _MONITORED_WINDOWS) * step
    spare = max(rows[TIME].iloc[-1] - first - length, pd.Timedelta(0))
    for number in range(_STARTS if spare else 1):
        yield from _one_stretch(table, step, rows, (first + spare * number / _STARTS).floor("D"))


def _one_stretch(
    table: Table, step: pd.Timedelta, rows: pd.DataFrame, start: pd.Timestamp
) -> Iterator[tuple[bool, Assessment]]:
    cut = start + _REFERENCE_WINDOWS * step
    monitored = Monitored(table, step, rows[(rows[TIME] >= start) & (rows[TIME] < cut)].reset_index(drop=True))
    for number in range(_MONITORED_WINDOWS):
        begin = cut + number * step
        window = rows[(rows[TIME] >= begin) & (rows[TIME] < begin + step)].reset_index(drop=True)
        if len(window):
            ordinary = not refusal(table, (monitored.rows, window), with_loss=False)
            yield ordinary, monitored.check(begin, window)


if __name__ == "__main__":
    raise SystemExit(main())
