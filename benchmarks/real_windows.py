"""Runs the labelled real windows through `airmedic check` and prints what is right, missed, false or forbidden.

AIRMEDIC_DATA=… python benchmarks/real_windows.py            all of them
python benchmarks/real_windows.py --only metro --findings    those whose name holds a text, with their findings
python benchmarks/real_windows.py --others                   beside Evidently's default and the usual limit on PSI
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "incidents"))

from evidently_default import evidently_default

from labelled.answer import answers, watched
from labelled.case import LabelledCase
from labelled.figures import by, overall, rate, wrong
from labelled.program import print_findings
from labelled.psi import PSI_LIMIT, largest_psi
from labelled.real import FOLDER, real_windows


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="text that the case's name or kind holds")
    parser.add_argument("--findings", action="store_true", help="print the findings that are not in order")
    parser.add_argument("--others", action="store_true", help="also run Evidently's default and PSI")
    parser.add_argument("--json", type=Path, help="where to write every answer")
    parser.add_argument("--jobs", type=int, default=1, help="processes that check cases at the same time")
    options = parser.parse_args()
    if not (FOLDER / "truth.json").exists():
        print("AIRMEDIC_DATA does not name a folder that holds real_windows: nothing to run.")
        return 0
    cases = [case for case in real_windows() if options.only in case.name or options.only == case.kind]
    if not cases:
        print("No case has that name.")
        return 2
    answered = watched(answers(cases, options.jobs), len(cases))
    print(f"{overall(answered)}\n\n{by(answered, 'data set', lambda item: item.domain)}\n")
    print(f"{by(answered, 'most precise cause', lambda item: item.kind)}\n")
    print(by(answered, "origin", lambda item: "injected" if item.injected else "happened"))
    print(f"\n## Wrong or forbidden\n\n{wrong(answered)}")
    if options.findings:
        print_findings(answered)
    if options.others:
        _print_others(cases)
    if options.json:
        options.json.write_text(json.dumps([asdict(item) for item in answered], indent=1))
    return 0


def _print_others(cases: list[LabelledCase]) -> None:
    """Print how often the usual methods alarm. They name no cause."""
    methods = ("Evidently, data set", "Evidently, any column", f"PSI over {PSI_LIMIT}, any column")
    alarms: dict[str, dict[str, bool]] = {method: {} for method in methods}
    for case in cases:
        reference, current = case.build()
        features = case.spec["features"]
        drift = evidently_default(reference, current, features)
        said = (drift.dataset_drift, drift.any_column, largest_psi(reference, current, features) > PSI_LIMIT)
        for method, alarm in zip(methods, said, strict=True):
            alarms[method][case.name] = alarm
    print("\n| method | detected | false alarms on healthy pairs |\n|---|---|---|")
    for method, said_of in alarms.items():
        harmful = [case for case in cases if case.harmful]
        healthy = [case for case in cases if case.healthy]
        shares = (rate(group, lambda case: said_of[case.name]) for group in (harmful, healthy))  # noqa: B023  # used at once
        print(f"| {method} | " + " | ".join(map(str, shares)) + " |")


if __name__ == "__main__":
    raise SystemExit(main())
