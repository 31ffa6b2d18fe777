"""Says of each check how often it alarms on healthy pairs, and which faults it alarms on.

AIRMEDIC_DATA=… python benchmarks/healthy_pairs.py --json healthy.json
AIRMEDIC_DATA=… python benchmarks/injected_pairs.py --json faults.json
PYTHONPATH=benchmarks python -m labelled.by_check healthy.json faults.json

Any number of answers of the two programs may be named. Several checks may alarm on one pair, which is one incident.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

_SHOWN = 0.5
"""Share of the pairs of a kind of fault from which on a check is said to find it."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers", nargs="+", type=Path, help="what the programs wrote with --json")
    cases = [case for path in parser.parse_args().answers for case in json.loads(path.read_text(encoding="utf-8"))]
    for line in table(cases):
        print(line)


def table(cases: list[dict[str, Any]]) -> list[str]:
    """Return the lines of the table.

    >>> alert = {"check": "units", "verdict": "alert"}
    >>> fault = {"kind": "unit", "healthy": False, "findings": [alert]}
    >>> table([fault, {"kind": "same", "healthy": True, "findings": [{**alert, "verdict": "ok"}]}])[2:]
    ['| `units` | 0 of 1 = 0.0 % | unit 1 of 1 |']
    """
    healthy = [case for case in cases if case["healthy"]]
    faults = [case for case in cases if not case["healthy"]]
    false_alarms, of_kind = _alarms(healthy), Counter(case["kind"] for case in faults)
    alarms_on = {kind: _alarms([case for case in faults if case["kind"] == kind]) for kind in sorted(of_kind)}
    lines = ["| check | healthy pairs that it alarms on | faults that it alarms on |", "|---|---|---|"]
    for check in sorted({finding["check"] for case in cases for finding in case["findings"]}):
        share = f"{false_alarms[check]} of {len(healthy)} = {100 * false_alarms[check] / max(len(healthy), 1):.1f} %"
        kinds = [
            f"{kind} {alarms_on[kind][check]} of {count}"
            for kind, count in sorted(of_kind.items())
            if alarms_on[kind][check] >= _SHOWN * count
        ]
        lines.append(f"| `{check}` | {share} | {', '.join(kinds) or '–'} |")
    return lines


def _alarms(cases: list[dict[str, Any]]) -> Counter[str]:
    return Counter(
        check
        for case in cases
        for check in {finding["check"] for finding in case["findings"] if finding["verdict"] == "alert"}
    )


if __name__ == "__main__":
    main()
