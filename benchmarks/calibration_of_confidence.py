"""Compares the confidence that `airmedic check` states with how often its answers are right, over recorded cases.

AIRMEDIC_DATA=… python benchmarks/record_cases.py --out recorded.jsonl
python benchmarks/calibration_of_confidence.py recorded.jsonl --svg docs/images/confidence.svg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from labelled.answer import Answer
from labelled.confidence import brier, groups, miscalibration
from labelled.recorded import read
from labelled.reliability_picture import draw_reliability


def main() -> int:
    """Print the figures and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recorded", nargs="+", type=Path, help="what record_cases.py wrote")
    parser.add_argument("--svg", type=Path, help="where to draw the reliability picture")
    options = parser.parse_args()
    answers = [item.answer for item in read(*options.recorded) if not item.answer.failed]
    kinds = {
        "a cause is named": [item for item in answers if item.alarm],
        "healthy": [item for item in answers if not item.alarm],
    }
    print("| answers | cases | right | mean confidence | Brier score | of a constant | miscalibration |")
    print("|---|---|---|---|---|---|---|")
    for name, members in {"all": answers, **kinds}.items():
        if members:
            print(_line(name, members))
    for name, members in kinds.items():
        print(f"\n| {name}: stated confidence | right |\n|---|---|")
        for group in groups(*_stated(members)):
            print(f"| {group.stated:.2f} | {group.right} |")
    if options.svg:
        draw_reliability({name: groups(*_stated(members)) for name, members in kinds.items() if members}, options.svg)
    return 0


def _stated(members: list[Answer]) -> tuple[list[float], list[bool]]:
    return [item.confidence for item in members], [item.right for item in members]


def _line(name: str, members: list[Answer]) -> str:
    stated, right = _stated(members)
    share = float(np.mean(right))
    return (
        f"| {name} | {len(members)} | {share:.1%} | {np.mean(stated):.2f} | {brier(stated, right):.3f} "
        f"| {share * (1 - share):.3f} | {miscalibration(stated, right):.3f} |"
    )


if __name__ == "__main__":
    raise SystemExit(main())
