"""One model under watch: its reference, its history, and the checks that monitoring runs on each new day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from production import World

from airmedic_core.assess import weigh
from airmedic_core.checks import Group, run_group
from airmedic_core.comparison import CheckContext, PastWindow
from airmedic_core.comparison.facts import RowFacts, row_facts
from airmedic_core.comparison.rows import facts_by_window, sample
from airmedic_core.profile import Reference, build_profile, build_reference
from airmedic_core.records import Assessment, Batch, Finding
from airmedic_core.spec import ModelSpec, parse_spec

MOST_HISTORY = 60
"""As many windows as monitoring reads from the ledger."""


@dataclass
class Monitored:
    """A model whose days are checked one after the other."""

    world: World
    reference_rows: pd.DataFrame
    groups: tuple[Group, ...] = ("drift",)
    without: tuple[str, ...] = ("quality",)
    """Checks that are switched off. The team's own expectations are not the subject here."""
    options: dict[str, Any] = field(default_factory=dict)
    """Options of checks, as a spec gives them."""
    history: tuple[PastWindow, ...] = ()
    """Newest first."""
    spec: ModelSpec = field(init=False)
    reference: Reference = field(init=False)
    reference_facts: tuple[RowFacts, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        self.spec = parse_spec(
            {
                "name": "calibration",
                "task": "regression",
                "target": "not_delivered",
                "features": {"numeric": self.world.numeric, "categorical": self.world.categorical},
                "data": {"source": "file", "path": "given-as-frames.parquet", "time_column": "time"},
                "window": {"every": "1h" if self.world.window_hours == 1 else "1d"},
                "checks": dict.fromkeys(self.without, False) | self.options,
            }
        )
        self.reference = build_reference(self.spec, self.reference_rows)
        if "data" in self.groups:
            self.reference_facts = facts_by_window(self.spec, self.reference_rows, self.reference)
        self.reference_rows = sample(self.reference_rows)

    def check(self, day: int, frame: pd.DataFrame, *, keep: bool = True) -> tuple[list[Finding], Assessment]:
        """Check a day and say what it means; the next day is compared with it if it is kept."""
        window = self.world.window(day)
        profile = build_profile(self.reference.edges, frame, window=window)
        facts = None
        if "data" in self.groups:
            facts = row_facts(self.spec, frame, window, [*self.world.numeric, *self.world.categorical])
        batch = Batch(self.spec.name, window, window.end, len(frame))
        context = CheckContext(
            spec=self.spec,
            batch=batch,
            frame=frame,
            reference=self.reference,
            profile=profile,
            history=self.history,
            facts_of=None if facts is None else lambda: facts,
            reference_facts_of=lambda: self.reference_facts,
            reference_rows_of=lambda: self.reference_rows,
        )
        findings = [finding for group in self.groups for finding in run_group(context, group)]
        assessment = weigh(batch, findings)
        if keep:
            past = PastWindow(window, len(frame), None, assessment, profile, facts, tuple(findings))
            self.history = (past, *self.history)[:MOST_HISTORY]
        return findings, assessment
