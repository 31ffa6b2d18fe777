"""Repairs the labelled cases whose fault can be inverted, and prints what the model loses on the repaired copies.

AIRMEDIC_DATA=… python benchmarks/repair.py                   cases of one population, injected pairs, real windows
python benchmarks/repair.py --only cents                      those whose name holds a text
python benchmarks/repair.py --healthy 100                     also so many healthy cases, of which none may be changed

A repair is proposed where the findings hold steps and all checks find the repaired copy in order. What the model loses
on the copy is *as usual* up to the 97.5th percentile of what it loses on as many rows in a row of the reference, of
those that it was not fitted on, and a tenth more: a day of another week is never quite like those.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "incidents"))

from cases import all_cases
from populations import DATA, REAL

from airmedic_core.assess import weigh
from airmedic_core.checks import GROUPS, run_group
from airmedic_core.comparison import CheckContext
from airmedic_core.errors import AirmedicError
from airmedic_core.metrics import Array
from airmedic_core.pair import check_pair
from airmedic_core.pair.pair import compared
from airmedic_core.pair.timed_rows import timed_rows
from airmedic_core.repair import Step, apply_counted, expected_after, nulls_made, steps_of
from airmedic_core.spec import parse_spec
from labelled.injected import injected_pairs
from labelled.real import real_windows

_KINDS = re.compile(r"^unit, (one column|several|one source)|rows multiplied|code in num|recoded|swapped|letters repl")
"""Kinds of injected faults of which the values before are still in the rows, or that only have to be called missing."""
_NAMES = re.compile(
    r"renamed|recoded|as codes|in Portuguese|is now mobile|renumbered|loaded|repeats rows|four times|exchanged"
    r"|−999|−1 in|999 in|9999 days|Undefined|n/a|N/A|unknown in|hours of|on another clock"
)
"""The same among the cases of one population, beside all changes of a unit."""
_WINDOWS = {"metro-03", "metro-07", "occ-01"}
"""Real windows in which columns were exchanged or rows delivered twice by hand."""
_IN_DATA = {"unit_change", "schema_change", "data_corruption", "volume_anomaly", "stale_data"}
_DRAWS = 500
_SLACK = 1.1


class Case(NamedTuple):
    """A labelled case, from whichever collection."""

    name: str
    healthy: bool
    spec: dict[str, Any]
    build: Any


class Result(NamedTuple):
    """Says what came of one case."""

    case: str
    healthy: bool
    outcome: str
    """``repaired``, ``did not help``, ``no steps`` or ``not seen``."""
    loss: float
    damaged: float
    most: float
    told: str


def cases(healthy: int) -> Iterator[Case]:
    """Yield the cases whose fault can be inverted, then healthy ones, evenly spread."""
    sound: list[Case] = []
    for case in of_one_population():
        if case.healthy:
            sound.append(case)
        else:
            yield case
    if (DATA / "real_windows").exists():
        for pair in injected_pairs("open"):
            if _KINDS.search(pair.kind):
                yield Case(f"injected {pair.name}", False, dict(pair.spec), pair.build)
        for window in real_windows():
            known = Case(f"window {window.name}", window.healthy, dict(window.spec), window.build)
            if window.healthy:
                sound.append(known)
            elif window.injected and (window.kind == "unit_change" or window.name in _WINDOWS):
                yield known
    yield from sound[:: max(len(sound) // max(healthy, 1), 1)][:healthy]


def of_one_population() -> Iterator[Case]:
    """Yield the cases that are drawn from one population each."""
    for case in all_cases():
        if case.spec["name"] in REAL and not DATA.exists():
            continue
        inverted = case.accept & _IN_DATA and ("unit_change" in case.accept or _NAMES.search(case.name))
        if inverted or (case.healthy and case.serving is None):
            yield Case(f"{case.split} {case.name}", case.healthy, dict(case.spec), case.build)


def repaired(case: Case) -> Result:
    """Check a case, try the repair that its findings propose, and measure the model on the copy."""
    spec = parse_spec(case.spec)
    reference, current = case.build()
    answer = check_pair(spec, reference, current)
    steps = steps_of(answer.findings)
    words = " ".join(step.words() for step in steps)
    if answer.assessment.outcome != "incident":
        return Result(case.name, case.healthy, "not seen", *[np.nan] * 3, words)
    if not steps:
        return Result(case.name, case.healthy, "no steps", *[np.nan] * 3, answer.assessment.headline)
    before, after = looked_at(spec, reference, current, []), looked_at(spec, reference, current, steps)
    made_null = nulls_made(steps, apply_counted(current, steps)[1], len(current))
    findings = expected_after([finding for group in GROUPS for finding in run_group(after, group)], made_null)
    assessment = weigh(after.batch, findings, only_window=True)
    helped = assessment.outcome != "incident" and not any(finding.failed for finding in findings)
    told = words if helped else f"{words} {assessment.headline}"
    loss, damaged = mean_loss(after), mean_loss(before)
    outcome = "repaired" if helped else "did not help"
    return Result(case.name, case.healthy, outcome, loss, damaged, most_usual(after), told)


def looked_at(spec: Any, reference: Any, current: Any, steps: list[Step]) -> CheckContext:
    """Return what the checks look at, on the repaired rows."""
    reference, current, _ = timed_rows(spec, reference, current)
    return compared(spec, reference, apply_counted(current, steps)[0], datetime.now(UTC))


def mean_loss(context: CheckContext) -> float:
    """Return the mean loss of the window's labelled rows."""
    labelled = context.labelled
    return float(np.nanmean(labelled.losses)) if labelled is not None and len(labelled) else np.nan


def most_usual(context: CheckContext) -> float:
    """Return what the model may lose on so many rows: on rows in a row that it was not fitted on, as often as not."""
    baseline, labelled = context.baseline, context.labelled
    if baseline is None or labelled is None or not len(baseline):
        return np.nan
    losses: Array = baseline.losses
    rows, rng = min(len(labelled), len(losses)), np.random.default_rng(7)
    means = [np.nanmean(np.take(losses, np.arange(start, start + rows), mode="wrap"))
             for start in rng.integers(0, len(losses), _DRAWS)]  # fmt: skip
    resampled = [np.nanmean(rng.choice(losses, rows)) for _ in range(_DRAWS)]
    return float(max(np.quantile(means, 0.975), np.quantile(resampled, 0.975))) * _SLACK


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="text that the case's name holds")
    parser.add_argument("--healthy", type=int, default=60, help="how many healthy cases")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    results = []
    for case in cases(options.healthy):
        if options.only not in case.name:
            continue
        try:
            result = repaired(case)
        except AirmedicError as error:
            result = Result(case.name, case.healthy, "no steps", *[np.nan] * 3, str(error))
        results.append(result)
        numbers = "" if np.isnan(result.loss) else f"{result.damaged:.3f} → {result.loss:.3f} (≤ {result.most:.3f})"
        print(f"{result.outcome:13} {result.case:60.60} {numbers:28} {result.told[:150]}", flush=True)
    report(results)
    return 0


def report(results: list[Result]) -> None:
    """Print the figures."""
    faulty = [result for result in results if not result.healthy]
    done = [result for result in faulty if result.outcome == "repaired"]
    measured = [result for result in done if np.isfinite(result.loss) and np.isfinite(result.most)]
    usual = [result for result in measured if result.loss <= result.most]
    changed = [result for result in results if result.healthy and result.outcome == "repaired"]
    healthy = sum(result.healthy for result in results)
    print(f"\n{len(faulty)} cases whose fault can be inverted: {dict(Counter(result.outcome for result in faulty))}")
    print(f"Loss of the model on the repaired copy as usual: {share(len(usual), len(measured))}")
    print(f"Healthy cases that were changed: {share(len(changed), healthy)}")
    for result in measured:
        if result.loss > result.most:
            print(f"  beyond: {result.case} {result.loss:.3f} > {result.most:.3f}")


def share(part: int, whole: int) -> str:
    """Return a share in words."""
    return f"{part} of {whole} = {part / whole:.1%}" if whole else "none measured"


if __name__ == "__main__":
    raise SystemExit(main())
