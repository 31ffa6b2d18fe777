"""Runs the labelled cases and prints how often the cause is right, what is missed and what is a false alarm.

python benchmarks/incidents/run.py                 the measured cases, beside Evidently's default
python benchmarks/incidents/run.py --split tune    the cases that constants may be chosen on
python benchmarks/incidents/run.py --split heldout the cases that were written without looking at the engine
python benchmarks/incidents/run.py --split unseen  the fourth set, of other populations, written in the same way
python benchmarks/incidents/run.py --only unit     the cases whose name holds a text, with their findings
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cases import Case, all_cases
from evidently_default import evidently_default
from populations import DATA, REAL
from rich.console import Console
from rich.table import Table
from unknowable import UNKNOWABLE

from airmedic_core.errors import AirmedicError
from airmedic_core.pair import check_pair
from airmedic_core.spec import parse_spec


@dataclass(frozen=True)
class Outcome:
    """One case with both answers."""

    case: str
    split: str
    knowable: bool
    """Says whether the window is large enough for anybody to see the loss; see ``truth.py``."""
    healthy: bool
    harmful: bool
    accept: tuple[str, ...]
    answered: str
    alarm: bool
    right: bool
    seconds: float
    evidently_dataset: bool
    evidently_column: bool
    evidently_failed: str
    evidently_seconds: float


def run_case(case: Case, *, verbose: bool, with_evidently: bool) -> Outcome:
    """Put one case through both."""
    reference, current = case.build()
    spec = parse_spec(case.spec)
    start = time.perf_counter()
    try:
        answer = check_pair(spec, reference, current)
        assessment, findings = answer.assessment, answer.findings
        answered, alarm = str(assessment.cause), assessment.outcome == "incident"
        answered = answered if alarm else "healthy"
    except AirmedicError as error:
        findings, answered, alarm = (), f"error: {error}"[:60], False
    seconds = time.perf_counter() - start
    if verbose:
        for finding in findings:
            if finding.verdict != "ok":
                print(f"    {finding.verdict:8} {finding.key:50} {finding.message[:140]}")
    start = time.perf_counter()
    drift = evidently_default(reference, current, case.spec["features"]) if with_evidently else None
    return Outcome(
        case=case.name, split=case.split, knowable=case.name not in UNKNOWABLE.get(case.split, ()),
        healthy=case.healthy, harmful=case.harmful, accept=tuple(sorted(case.accept)), answered=answered, alarm=alarm,
        right=answered in case.accept, seconds=seconds,
        evidently_dataset=bool(drift and drift.dataset_drift), evidently_column=bool(drift and drift.any_column),
        evidently_failed=drift.failed if drift else "", evidently_seconds=time.perf_counter() - start,
    )  # fmt: skip


def summarise(outcomes: list[Outcome], title: str, console: Console) -> None:
    """Print the figures of one split and its confusion table."""
    healthy = [outcome for outcome in outcomes if outcome.healthy]
    faulty = [outcome for outcome in outcomes if not outcome.healthy and outcome.knowable]
    harmful = [outcome for outcome in outcomes if outcome.harmful and outcome.knowable]
    hidden = [outcome for outcome in outcomes if not outcome.knowable]

    def share(part: int, whole: int) -> str:
        return f"{part}/{whole} = {part / whole:.1%}" if whole else "–"

    table = Table("", "Airmedic", "Evidently, dataset drift", "Evidently, any column", title=title)
    rows = [("detected, harmful cases", harmful), ("false alarms, healthy pairs", healthy)]
    for label, group in (("exact cause", faulty), ("exact cause, not knowable from one window", hidden)):
        if group:
            table.add_row(label, share(sum(o.right for o in group), len(group)), "names none", "names none")
    if hidden:
        rows.append(("detected, not knowable from one window", hidden))
    for label, group in rows:
        counts = [sum(getattr(o, name) for o in group) for name in ("alarm", "evidently_dataset", "evidently_column")]
        table.add_row(label, *(share(count, len(group)) for count in counts))
    seconds, other = (sorted(getattr(o, name) for o in outcomes) for name in ("seconds", "evidently_seconds"))
    table.add_row("seconds, median", f"{seconds[len(seconds) // 2]:.2f}", f"{other[len(other) // 2]:.2f}", "")
    failed = sum(bool(o.evidently_failed) for o in outcomes)
    table.add_row("could not be computed", str(sum(o.answered.startswith("error") for o in outcomes)), str(failed), "")
    console.print(table)

    wrong = Counter((" or ".join(o.accept), o.answered) for o in outcomes if not o.right)
    confusion = Table("truth", "answer", "cases", title="Where the answer was another")
    for (truth, answered), count in wrong.most_common():
        confusion.add_row(truth, answered, str(count))
    console.print(confusion)


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    splits = ("measure", "tune", "heldout", "unseen")
    parser.add_argument("--split", nargs="+", choices=splits, default=["measure"], help="one or several")
    parser.add_argument("--only", default="", help="text that the case's name holds; prints findings")
    parser.add_argument("--without-evidently", action="store_true")
    parser.add_argument("--json", type=Path, help="where to write every outcome")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    console = Console(width=140)
    outcomes, left_out = [], 0
    for case in all_cases():
        if case.split not in options.split or options.only not in case.name:
            continue
        if case.spec["name"] in REAL and not DATA.exists():
            left_out += 1
            continue
        outcome = run_case(case, verbose=bool(options.only), with_evidently=not options.without_evidently)
        outcomes.append(outcome)
        mark = "✓" if outcome.right else "✗"
        console.print(f"{mark} {outcome.seconds:5.2f} s  {case.name:55} {outcome.answered}", highlight=False)
    if left_out:
        console.print(f"{left_out} cases on real data are left out: AIRMEDIC_DATA does not say where the data are.")
    if not outcomes:
        console.print("No case has that name.")
        return 2
    for split in dict.fromkeys(outcome.split for outcome in outcomes):
        summarise([outcome for outcome in outcomes if outcome.split == split], split, console)
    if options.json:
        options.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
