"""Answers on labelled cases that were written down, with all findings, so that they can be weighed again in no time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airmedic_core import assess
from airmedic_core.records import Assessment, Batch, Finding, from_json
from airmedic_core.windows import Window
from labelled.answer import Answer, answer
from labelled.case import LabelledCase

RECORDED = Path(__file__).resolve().parents[2] / ".airmedic" / "recorded.jsonl"
"""Says where answers are kept unless a program is told otherwise."""
_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_BATCH = Batch("labelled", Window(_DAY, _DAY.replace(day=2)), _DAY, 1)
"""Stands for the window of a case: what findings mean does not depend on it."""


@dataclass(frozen=True)
class Recorded:
    """One answer with what it takes to weigh its findings again."""

    answer: Answer
    new_version: bool
    """Says whether another model version serves."""

    def findings(self) -> tuple[Finding, ...]:
        """Return all findings."""
        return tuple(from_json(Finding, item) for item in self.answer.findings)

    def weighed(self, findings: Sequence[Finding]) -> Assessment:
        """Weigh some findings as the check weighed all of them."""
        return assess.weigh(_BATCH, findings, new_version=self.new_version, only_window=True)


def record(case: LabelledCase) -> Recorded:
    """Check one case and keep how its findings were weighed."""
    with _overheard() as said:
        answered = answer(case)
    return Recorded(answered, bool(said.get("new_version", False)))


def write(path: Path, item: Recorded) -> None:
    """Append one record to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(asdict(item)) + "\n")


def read(*paths: Path) -> list[Recorded]:
    """Read the records of some files. Where nothing is recorded yet, say so and end the program."""
    if missing := [path for path in paths if not path.exists()]:
        print(f"{missing[0]} does not exist. Record answers first: python benchmarks/record_cases.py")
        sys.exit(0)
    return [_from_plain(json.loads(line)) for path in paths for line in path.read_text().splitlines()]


def cause_of(assessment: Assessment) -> str:
    """Return the cause that `airmedic check` prints for an assessment."""
    return str(assessment.cause) if assessment.outcome == "incident" else "healthy"


def _from_plain(plain: dict[str, Any]) -> Recorded:
    lists = {key: tuple(value) for key, value in plain["answer"].items() if isinstance(value, list)}
    return Recorded(Answer(**{**plain["answer"], **lists}), plain["new_version"])


@contextmanager
def _overheard() -> Iterator[dict[str, Any]]:
    """Note the options with which findings are weighed."""
    said: dict[str, Any] = {}
    weigh = assess.weigh

    def listening(*args: Any, **options: Any) -> Assessment:
        said.update(options)
        return weigh(*args, **options)

    assess.weigh = listening
    try:
        yield said
    finally:
        assess.weigh = weigh
