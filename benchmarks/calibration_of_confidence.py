"""Holds the confidence that `airmedic check` states against how often its answers are right, over recorded cases.

AIRMEDIC_DATA=… python benchmarks/record_cases.py
python benchmarks/calibration_of_confidence.py --svg docs/images/confidence.svg
python benchmarks/calibration_of_confidence.py --out include/airmedic_core/assess/assurance.json

Each domain is judged by weights that were fitted on all others, or where --measure is given, other records are judged.
Cases on which constants of the engine were tuned are not fitted on: they would make it too sure. `--out` writes the
weights of all domains, with their provenance, to where the engine reads them.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from labelled.assurance import assurances, candidates_of, fit_assurance
from labelled.collections import domain_of
from labelled.confidence import brier, groups, miscalibration
from labelled.figures import rate
from labelled.recorded import RECORDED, Recorded, read
from labelled.reliability_picture import draw_reliability

_TUNED_ON = "tune"
"""The collection that constants were chosen on."""


def main() -> int:
    """Print the figures, draw the picture and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recorded", nargs="*", type=Path, default=[RECORDED], help="what record_cases.py wrote")
    parser.add_argument("--measure", type=Path, nargs="+", help="records to judge on instead of domains left out")
    parser.add_argument("--before", type=Path, nargs="+", help="records of the same cases with the confidence before")
    parser.add_argument("--svg", type=Path, help="where to draw the reliability picture")
    parser.add_argument("--out", type=Path, help="where to write the weights of the signs, with their provenance")
    options = parser.parse_args()
    known = _answered(read(*options.recorded))
    judged = _answered(read(*options.measure)) if options.measure else known
    weights = fit_assurance([candidate for item in known for candidate in candidates_of(item)])
    chances = [assurances(weights, candidates_of(item)) for item in judged] if options.measure else _left_out(known)
    right = np.array([item.answer.right for item in judged])
    alarm = np.array([item.answer.alarm for item in judged])
    stated = {"learnt": np.array([chance[0] for chance in chances])}
    if options.before:
        earlier = {item.answer.case: item.answer.confidence for item in read(*options.before)}
        stated = {"before": np.array([earlier[item.answer.case] for item in judged]), **stated}
    print("| answers | cases | right | confidence | mean | Brier score | of a constant | miscalibration |")
    print("|---|---|---|---|---|---|---|---|")
    for name, chosen in (("all", alarm | ~alarm), ("a cause is named", alarm), ("healthy", ~alarm)):
        for origin, sure in stated.items():
            print(_line(name, origin, sure[chosen], right[chosen]))
    for origin, sure in stated.items():
        print(f"\n| {origin} confidence | right |\n|---|---|")
        for group in groups(sure, right):
            print(f"| {group.stated:.2f} | {group.right} |")
    print(_others(judged, chances))
    print("\n| sign | weight |\n|---|---|")
    for sign, weight in weights.items():
        print(f"| {sign} | {weight:+.2f} |")
    if options.out:
        cases = Counter(item.answer.collection for item in known)
        score = {origin: round(brier(sure, right), 4) for origin, sure in stated.items()}
        made = {"program": "benchmarks/calibration_of_confidence.py", "cases": cases}
        made["brier score on domains left out"] = score
        rounded = {sign: round(weight, 3) for sign, weight in weights.items()}
        options.out.write_text(json.dumps({"provenance": made, "weights": rounded}, indent=1) + "\n")
    if options.svg:
        draw_reliability({origin: groups(sure, right) for origin, sure in stated.items()}, options.svg)
    return 0


def _answered(records: Sequence[Recorded]) -> list[Recorded]:
    return [item for item in records if not item.answer.failed and item.answer.collection != _TUNED_ON]


def _left_out(records: Sequence[Recorded]) -> list[np.ndarray]:
    """Return how sure to be of the causes in each domain's cases, learnt on all others."""
    domains = np.array([domain_of(item.answer.domain) for item in records])
    asked = [candidates_of(item) for item in records]
    chances: list[np.ndarray] = [np.zeros(0)] * len(records)
    for domain in sorted(set(domains)):
        weights = fit_assurance([candidate for at in np.flatnonzero(domains != domain) for candidate in asked[at]])
        for at in np.flatnonzero(domains == domain):
            chances[at] = assurances(weights, asked[at])
    return chances


def _others(records: Sequence[Recorded], chances: Sequence[np.ndarray]) -> str:
    """Return how often the causes that are not named would have been right, by their chance."""
    asked = [candidate.right for item in records for candidate in candidates_of(item)[1:]]
    sure = np.concatenate([chance[1:] for chance in chances])
    lines = ["\n| confidence of causes that are not named | right |", "|---|---|"]
    edges = (0.0, 0.1, 0.2, 0.3, 1.01)
    for low, high in pairwise(edges):
        inside = (sure >= low) & (sure < high)
        if inside.any():
            lines.append(f"| {sure[inside].mean():.2f} | {rate(np.array(asked)[inside], bool)} |")
    return "\n".join(lines)


def _line(name: str, origin: str, sure: np.ndarray, right: np.ndarray) -> str:
    share = float(np.mean(right))
    return (
        f"| {name} | {len(right)} | {share:.1%} | {origin} | {np.mean(sure):.2f} | {brier(sure, right):.3f} "
        f"| {share * (1 - share):.3f} | {miscalibration(sure, right):.3f} |"
    )


if __name__ == "__main__":
    raise SystemExit(main())
