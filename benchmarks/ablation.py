"""Switches each detection rule off in turn over recorded cases, and prints what each gains and costs.

AIRMEDIC_DATA=… python benchmarks/record_cases.py
python benchmarks/ablation.py                 every check and every rule
python benchmarks/ablation.py --rule units    what changes without the rules whose name holds a text

A rule is what a check measures under one name, such as ``corruption: tie``. Without it, its findings are left out, and
the others are weighed again. Where a check has several rules that step back for each other, another one might have
spoken up instead: what a rule gains is then less than what is shown.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from airmedic_core.records import Finding, Verdict
from labelled.recorded import RECORDED, Recorded, cause_of, read

Rule = tuple[str, str]
"""A check and a statistic; the statistic is empty for all that the check says."""


@dataclass
class Effect:
    """Holds what becomes of the cases without a rule."""

    alerts: int = 0
    """Cases in which it alerts."""
    alone: int = 0
    """Cases in which it alerts of a cause on a subject on which nothing else alerts of it: its name for what is wrong
    would be missing."""
    gains: list[str] = field(default_factory=list)
    """Cases that are right with it only."""
    costs: list[str] = field(default_factory=list)
    """Cases that are right without it only."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Right answers that it brings in each kind of case, after those that it takes."""
    detected: int = 0
    """Cases with a change that raise an alarm with it only."""
    false_alarms: int = 0
    """Healthy pairs that raise an alarm with it only."""
    instead: Counter[str] = field(default_factory=Counter)
    """Says what the answer would be in the cases that it gains."""

    @property
    def pays(self) -> int:
        """Right answers that it brings, after those that it takes."""
        return len(self.gains) - len(self.costs)


def effects(records: Iterable[Recorded]) -> dict[Rule, Effect]:
    """Return what each rule gains and costs."""
    by_rule: dict[Rule, Effect] = defaultdict(Effect)
    for item in records:
        findings = item.findings()
        if not findings:
            continue
        with_all = cause_of(item.weighed(findings))
        for rule in _rules(findings):
            effect = by_rule[rule]
            belonging = [finding for finding in findings if _belongs(finding, rule)]
            others = [finding for finding in findings if not _belongs(finding, rule)]
            effect.alerts += any(finding.verdict is Verdict.ALERT for finding in belonging)
            effect.alone += bool(_told(belonging) - _told(others))
            _compare(effect, item, with_all, cause_of(item.weighed(others)))
    return by_rule


def _told(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    """Return which causes are alerted of, on which subjects."""
    alerts = [finding for finding in findings if finding.verdict is Verdict.ALERT]
    return {(finding.subject, next(iter(finding.suggests), "")) for finding in alerts}


def _compare(effect: Effect, item: Recorded, with_it: str, without_it: str) -> None:
    if with_it == without_it:
        return
    case = item.answer
    right = [cause in case.accept for cause in (with_it, without_it)]
    if right == [True, False]:
        effect.gains.append(case.case)
        effect.kinds[case.kind] += 1
        effect.instead[without_it] += 1
    elif right == [False, True]:
        effect.costs.append(case.case)
        effect.kinds[case.kind] -= 1
    if without_it == "healthy":
        effect.false_alarms += case.healthy
        effect.detected += not case.healthy


def _rules(findings: Iterable[Finding]) -> set[Rule]:
    return {rule for finding in findings for rule in ((finding.check, finding.statistic), (finding.check, ""))}


def _belongs(finding: Finding, rule: Rule) -> bool:
    return finding.check == rule[0] and rule[1] in ("", finding.statistic)


def table(by_rule: dict[Rule, Effect], *, whole_checks: bool) -> str:
    """Return the effects as a table in Markdown, what pays most first.

    Parameters
    ----------
    by_rule : dict
        As :func:`effects` returns it.
    whole_checks : bool
        Whether to show checks, or the rules within them.

    Returns
    -------
    str
    """
    titles = "rule | alerts in | alone | right with it only | right without it only | detected | false alarms"
    lines = [f"| {titles} | it would be |", "|---|---|---|---|---|---|---|---|"]
    chosen = [(rule, effect) for rule, effect in by_rule.items() if (rule[1] == "") is whole_checks]
    for (check, statistic), effect in sorted(chosen, key=lambda pair: (-pair[1].pays, pair[0])):
        name = f"`{check}`" + (f" {statistic}" if statistic else "")
        would_be = ", ".join(f"{cause} {count}" for cause, count in effect.instead.most_common(3))
        counts = (
            effect.alerts, effect.alone, len(effect.gains), len(effect.costs), effect.detected, effect.false_alarms,
        )  # fmt: skip
        lines.append(f"| {name} | " + " | ".join(map(str, counts)) + f" | {would_be} |")
    return "\n".join(lines)


def costly(by_rule: dict[Rule, Effect]) -> list[str]:
    """Return a line for each kind of cases on which a rule takes more right answers than it brings."""
    return [
        f"* `{check}` {name}: {kind}, {-count}"
        for (check, name), effect in sorted(by_rule.items())
        for kind, count in sorted(effect.kinds.items())
        if name and count < 0
    ]


def idle(by_rule: dict[Rule, Effect]) -> list[Rule]:
    """Return the rules that alert, and without which no answer would be worse."""
    return sorted(rule for rule, effect in by_rule.items() if rule[1] and effect.alerts and not effect.gains)


def idle_together(records: Sequence[Recorded], by_rule: dict[Rule, Effect]) -> list[Rule]:
    """Leave idle rules out one after the other, those that cost most first, while no answer gets worse.

    Two rules may be idle only because each stands in for the other. What is returned can be left out all at once.

    Parameters
    ----------
    records : sequence of Recorded
        All cases.
    by_rule : dict
        What each rule gains and costs by itself.

    Returns
    -------
    list of (str, str)
    """
    cases = [(item, item.findings()) for item in records if item.answer.findings]
    right = {item.answer.case: cause_of(item.weighed(findings)) in item.answer.accept for item, findings in cases}
    left_out: list[Rule] = []
    for rule in sorted(idle(by_rule), key=lambda rule: (-len(by_rule[rule].costs), by_rule[rule].alerts, rule)):
        tried = {*left_out, rule}
        worse = False
        for item, findings in cases:
            if not right[item.answer.case] or not any(_belongs(finding, rule) for finding in findings):
                continue
            kept = [finding for finding in findings if (finding.check, finding.statistic) not in tried]
            if cause_of(item.weighed(kept)) not in item.answer.accept:
                worse = True
                break
        if not worse:
            left_out.append(rule)
    return left_out


def main() -> int:
    """Print the effects."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recorded", nargs="*", type=Path, default=[RECORDED], help="what record_cases.py wrote")
    parser.add_argument("--rule", default="", help="name the cases that change without the rules that hold this text")
    options = parser.parse_args()
    records = read(*options.recorded)
    by_rule = effects(records)
    counts = Counter(item.answer.collection for item in records)
    print(f"{len(records)} cases: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    print(f"\n## Checks\n\n{table(by_rule, whole_checks=True)}\n\n## Rules\n\n{table(by_rule, whole_checks=False)}")
    together = idle_together(records, by_rule)
    quiet = sorted(rule for rule, effect in by_rule.items() if rule[1] and not effect.alerts)
    lists = {
        "Rules that alert, without each of which no answer is worse": idle(by_rule),
        "Of these, what can be left out all at once": together,
        "Measures that alert in none of these cases": quiet,
    }
    print("\n## Kinds of cases on which a rule costs more than it gains\n")
    print("\n".join(costly(by_rule)) or "None.")
    for title, rules in lists.items():
        print(f"\n## {title}\n")
        print("\n".join(f"* `{check}` {name}" for check, name in rules) or "None.")
    for (check, name), effect in by_rule.items():
        if options.rule and name and options.rule in f"{check}: {name}":
            print(f"\n{check}: {name}\n  gains {', '.join(effect.gains)}\n  costs {', '.join(effect.costs)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
