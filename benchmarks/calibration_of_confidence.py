"""Compares the confidence that `airmedic check` states with how often its answers are right, over recorded cases.

AIRMEDIC_DATA=… python benchmarks/record_cases.py
python benchmarks/calibration_of_confidence.py --svg docs/images/confidence.svg

Beside the stated confidence stands what a logistic regression on a few signs of the findings says of the same answers:
on domains that it was not fitted on, and where --measure is given, on other records.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from labelled.assurance import SIGNS, assurances, fit_assurance, signs
from labelled.collections import domain_of
from labelled.confidence import brier, groups, miscalibration
from labelled.recorded import RECORDED, Recorded, read
from labelled.reliability_picture import draw_reliability


def main() -> int:
    """Print the figures and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recorded", nargs="*", type=Path, default=[RECORDED], help="what record_cases.py wrote")
    parser.add_argument("--measure", type=Path, nargs="+", help="records to judge on instead of domains left out")
    parser.add_argument("--svg", type=Path, help="where to draw the reliability picture")
    parser.add_argument("--out", type=Path, help="where to write the weights of the signs, with their provenance")
    options = parser.parse_args()
    fitted = [item for item in read(*options.recorded) if not item.answer.failed]
    judged = [item for item in read(*options.measure) if not item.answer.failed] if options.measure else fitted
    weights = fit_assurance([signs(item) for item in fitted], _right(fitted))
    stated = np.array([item.answer.confidence for item in judged])
    learnt = assurances(weights, [signs(item) for item in judged]) if options.measure else _left_out(fitted)
    right, alarm = np.array(_right(judged)), np.array([item.answer.alarm for item in judged])
    print("| answers | cases | right | confidence | mean | Brier score | of a constant | miscalibration |")
    print("|---|---|---|---|---|---|---|---|")
    for name, chosen in (("all", alarm | ~alarm), ("a cause is named", alarm), ("healthy", ~alarm)):
        for origin, sure in (("stated", stated), ("learnt", learnt)):
            print(_line(name, origin, sure[chosen], right[chosen]))
    for origin, sure in (("stated", stated), ("learnt", learnt)):
        print(f"\n| {origin} confidence | right |\n|---|---|")
        for group in groups(sure, right):
            print(f"| {group.stated:.2f} | {group.right} |")
    print("\n| sign | weight |\n|---|---|")
    for sign, weight in zip(SIGNS, weights, strict=True):
        print(f"| {sign} | {weight:+.2f} |")
    if options.out:
        cases = Counter(item.answer.collection for item in fitted)
        score = {"stated": brier(stated, right), "learnt": brier(learnt, right), "judged on": len(judged)}
        made = {"program": "benchmarks/calibration_of_confidence.py", "cases": cases, "brier": score}
        weights_of = {sign: round(float(weight), 3) for sign, weight in zip(SIGNS, weights, strict=True)}
        options.out.write_text(json.dumps({"provenance": made, "weights": weights_of}, indent=1) + "\n")
    if options.svg:
        draw_reliability({"stated": groups(stated, right), "learnt": groups(learnt, right)}, options.svg)
    return 0


def _right(records: Sequence[Recorded]) -> list[bool]:
    return [item.answer.right for item in records]


def _left_out(records: Sequence[Recorded]) -> np.ndarray:
    """Return how sure to be of the answers of each domain, learnt on all others."""
    domains = np.array([domain_of(item.answer.domain) for item in records])
    rows, right = np.array([signs(item) for item in records]), np.array(_right(records))
    sure = np.zeros(len(records))
    for domain in set(domains):
        inside = domains == domain
        sure[inside] = assurances(fit_assurance(rows[~inside], right[~inside]), rows[inside])
    return sure


def _line(name: str, origin: str, sure: np.ndarray, right: np.ndarray) -> str:
    share = float(np.mean(right))
    return (
        f"| {name} | {len(right)} | {share:.1%} | {origin} | {np.mean(sure):.2f} | {brier(sure, right):.3f} "
        f"| {share * (1 - share):.3f} | {miscalibration(sure, right):.3f} |"
    )


if __name__ == "__main__":
    raise SystemExit(main())
