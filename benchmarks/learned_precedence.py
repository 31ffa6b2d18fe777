"""Compares the hand-tuned order of causes with a small model over findings, on domains that the model has not seen.

AIRMEDIC_DATA=… python benchmarks/record_cases.py
python benchmarks/learned_precedence.py
python benchmarks/learned_precedence.py --measure closed.jsonl     judged on other records
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labelled.additive import CAUSES, features, fit
from labelled.answer import Answer
from labelled.collections import domain_of
from labelled.confidence import brier, miscalibration
from labelled.figures import rate
from labelled.recorded import RECORDED, Recorded, read

PENALTIES = (0.3, 1.0, 3.0)
"""Tried within the domains that are fitted on; the best one there is used on the domain left out."""


@dataclass(frozen=True)
class Said:
    """An answer to a case, whoever gave it."""

    answer: Answer
    cause: str
    confidence: float

    @property
    def right(self) -> bool:
        """Say whether the cause is one of those that are right."""
        return self.cause in self.answer.accept


def main() -> int:
    """Fit, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recorded", nargs="*", type=Path, default=[RECORDED], help="what record_cases.py wrote")
    parser.add_argument("--measure", type=Path, nargs="+", help="records to judge on instead of domains left out")
    options = parser.parse_args()
    records = [item for item in read(*options.recorded) if item.answer.findings]
    judged = [item for item in read(*options.measure) if item.answer.findings] if options.measure else records
    by_rules = [Said(item.answer, item.answer.cause, item.answer.confidence) for item in judged]
    seen = [features(item.findings()) for item in records]
    with_rules = [{**row, f"rules say {item.answer.cause}": 1.0} for row, item in zip(seen, records, strict=True)]
    contenders = {"hand-tuned order": by_rules}
    for name, rows in (("model over findings", seen), ("model over findings and the rules' answer", with_rules)):
        if options.measure:
            contenders[name] = _elsewhere(records, rows, judged, rules_too=rows is with_rules)
        else:
            contenders[name] = _left_out(records, rows)
    print("| judged on domains left out | acceptable | false alarms | detected | Brier score | miscalibration |")
    print("|---|---|---|---|---|---|")
    for name, said in contenders.items():
        print(_line(name, said))
    print("\n| domain | cases | " + " | ".join(contenders) + " |\n|---|---|" + "---|" * len(contenders))
    for domain in sorted({domain_of(item.answer.domain) for item in judged}):
        shares = [
            [item.right for item in said if domain_of(item.answer.domain) == domain] for said in contenders.values()
        ]
        print(f"| {domain} | {len(shares[0])} | " + " | ".join(f"{np.mean(share):.1%}" for share in shares) + " |")
    return 0


def _left_out(records: Sequence[Recorded], rows: Sequence[dict[str, float]]) -> list[Said]:
    """Answer each domain by a model of all others."""
    domains = np.array([domain_of(item.answer.domain) for item in records])
    said: dict[int, Said] = {}
    for domain in sorted(set(domains)):
        inside, outside = np.flatnonzero(domains == domain), np.flatnonzero(domains != domain)
        penalty = _best_penalty(records, rows, outside, domains)
        said |= dict(zip(inside, _answers(records, rows, outside, inside, penalty), strict=True))
    return [said[number] for number in range(len(records))]


def _best_penalty(
    records: Sequence[Recorded], rows: Sequence[dict[str, float]], known: np.ndarray, domains: np.ndarray
) -> float:
    """Return the penalty that does best between two halves of the known domains."""
    names = sorted(set(domains[known]))
    first = np.isin(domains, names[::2])
    halves = [known[first[known]], known[~first[known]]]
    right = {
        penalty: sum(
            item.right
            for train, test in (halves, halves[::-1])
            for item in _answers(records, rows, train, test, penalty)
        )
        for penalty in PENALTIES
    }
    return max(PENALTIES, key=lambda penalty: right[penalty])


def _elsewhere(
    records: Sequence[Recorded], rows: Sequence[dict[str, float]], judged: Sequence[Recorded], *, rules_too: bool
) -> list[Said]:
    both = [*records, *judged]
    more = [features(item.findings()) for item in judged]
    if rules_too:
        more = [{**row, f"rules say {item.answer.cause}": 1.0} for row, item in zip(more, judged, strict=True)]
    known, new = np.arange(len(records)), np.arange(len(records), len(both))
    domains = np.array([domain_of(item.answer.domain) for item in both])
    penalty = _best_penalty(both, [*rows, *more], known, domains)
    return _answers(both, [*rows, *more], known, new, penalty)


def _answers(
    records: Sequence[Recorded], rows: Sequence[dict[str, float]], train: np.ndarray, test: np.ndarray, penalty: float
) -> list[Said]:
    model = fit([rows[at] for at in train], [records[at].answer.accept for at in train], penalty)
    chances = model.probabilities([rows[at] for at in test])
    best = chances.argmax(axis=1)
    return [
        Said(records[at].answer, CAUSES[cause], float(chance[cause]))
        for at, cause, chance in zip(test, best, chances, strict=True)
    ]


def _line(name: str, said: Sequence[Said]) -> str:
    right = rate(said, lambda item: item.right)
    alarms = rate([item for item in said if item.answer.healthy], lambda item: item.cause != "healthy")
    harmful = [item for item in said if item.answer.harmful and not item.answer.healthy]
    detected = rate(harmful, lambda item: item.cause != "healthy")
    stated, hits = [item.confidence for item in said], [item.right for item in said]
    return (
        f"| {name} | {right} | {alarms} | {detected} | {brier(stated, hits):.3f} | {miscalibration(stated, hits):.3f} |"
    )


if __name__ == "__main__":
    raise SystemExit(main())
