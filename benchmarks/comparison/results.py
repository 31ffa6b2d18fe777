"""Says what came of a run, as plain records that can be kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from comparison.judging import Verdict
from comparison.self_healing import Demonstration


@dataclass(frozen=True)
class Result:
    """Holds what came of one incident in the hands of one arm."""

    incident: str
    kind: str
    """The injected fault."""
    arm: str
    resolved: bool
    harmed: bool
    to_gain: bool
    """Says whether another version would do better."""
    change: float
    """Metric on the rows that follow, after less before, signed so that more is better."""
    unsafe: int
    blocked: int
    seconds: float
    answers: int
    alarms: int
    """Weeks of the incident: each is an alarm where nothing is done about it."""
    steps: tuple[str, ...]

    @classmethod
    def of(cls, verdict: Verdict) -> Result:
        """Return a verdict as a record."""
        truth, acted = verdict.truth, verdict.acted
        return cls(
            truth.incident.name, truth.incident.kind, acted.arm, verdict.resolved, verdict.harmed, truth.to_gain,
            verdict.change, verdict.unsafe, verdict.blocked, acted.seconds, acted.answers, len(truth.incident.weeks),
            tuple(acted.steps),
        )  # fmt: skip


@dataclass
class Compared:
    """All that came of a run."""

    seed: int
    commit: str
    date: str
    results: list[Result] = field(default_factory=list)
    demonstrations: list[Demonstration] = field(default_factory=list)
    planned: int = 0
    """Incidents that were drawn. Where results are of fewer, the run was cut off."""
    adviser_right: int = 0
    """Incidents of which the language model knew the cause."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    parts: int = 1
    """Parts that it was run in. Each has learned from its own incidents only."""

    @property
    def arms(self) -> list[str]:
        """The arms, in the order in which they acted."""
        return list(dict.fromkeys(result.arm for result in self.results))

    @property
    def incidents(self) -> list[str]:
        """The incidents, in the order in which they were drawn."""
        return list(dict.fromkeys(result.incident for result in self.results))

    def of_arm(self, arm: str) -> list[Result]:
        """Return the results of an arm."""
        return [result for result in self.results if result.arm == arm]

    @classmethod
    def together(cls, parts: Sequence[Compared]) -> Compared:
        """Return the parts of one run, which had some of the incidents each, as one."""
        first = parts[0]
        if {(part.seed, part.commit) for part in parts} != {(first.seed, first.commit)}:
            raise ValueError("These are parts of different runs: their seeds or commits differ.")
        return cls(
            first.seed, first.commit, max(part.date for part in parts),
            [result for part in parts for result in part.results],
            [shown for part in parts for shown in part.demonstrations],
            sum(part.planned for part in parts),
            sum(part.adviser_right for part in parts),
            sum(part.seconds for part in parts),
            sum(part.cpu_seconds for part in parts),
            sum(part.parts for part in parts),
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Keep it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Compared:
        """Read what was kept."""
        plain = json.loads(path.read_text(encoding="utf-8"))
        results = [Result(**{**result, "steps": tuple(result["steps"])}) for result in plain.pop("results")]
        shown = [Demonstration(**demonstration) for demonstration in plain.pop("demonstrations")]
        return cls(**plain, results=results, demonstrations=shown)
