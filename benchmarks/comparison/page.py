"""The tables of a run, and the page that docs/comparison.md holds."""

from __future__ import annotations

from collections.abc import Sequence

from comparison.results import Compared, Result

PUBLISHED_SEED = 20261202
"""The seed of the published run. Nothing was looked at or changed on its incidents before the run. The runs of 20261130
and 20261201 were published before."""
MOST_ANSWERS = 0.3
"""Answers that are aimed at: for each incident, which is the aim that the earlier runs had and missed, and for each
alarm, which was added after them."""
LEAST_RESOLVED = 0.9
"""Share of the incidents that is to be resolved."""
_RULES = "rules"
_TRUSTING = "rules, verified causes trusted"
"""The arms of which it is said whether they meet the aims: as delivered, and under the policy of that name."""

_ARMS = (
    "arm", "resolved", "harmed", "unsafe attempted", "of these blocked", "answers for each incident",
    "answers for each alarm", "seconds an incident",
)  # fmt: skip
_AIMS = (
    "arm", "nothing harmed", f"at least {LEAST_RESOLVED:.0%} resolved",
    f"answers for each incident, at most {MOST_ANSWERS:.0%}",
    f"answers for each alarm, at most {MOST_ANSWERS:.0%} (added later)",
)  # fmt: skip
_RECIPE = (
    "incident", "synthetic rows", "metric", "old model on the rows of the incident", "its model on its own rows",
    "old model on the rows that follow", "its model on the rows that follow", "the gate",
)  # fmt: skip


def tables(compared: Compared) -> str:
    """Return the tables of a run."""
    return "\n\n".join([_arms(compared), _aims(compared), _by_kind(compared), _every(compared), _recipe(compared)])


def page(compared: Compared, text: str) -> str:
    """Return the page: a text in whose place-holders the run and its tables are put.

    Parameters
    ----------
    compared : Compared
        The run.
    text : str
        The text, with ``{run}``, ``{arms}``, ``{aims}``, ``{kinds}``, ``{incidents}``, ``{short}`` and ``{recipe}``.
    """
    parts = {
        "run": _run(compared),
        "arms": _arms(compared),
        "aims": _aims(compared),
        "kinds": _by_kind(compared),
        "incidents": _every(compared),
        "short": _fell_short(compared),
        "recipe": _recipe(compared),
    }
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", part)
    return text


def _run(compared: Compared) -> str:
    count = len(compared.incidents)
    cut_off = f" The run was cut off after {count} of {compared.planned}, in an order drawn from the seed."
    apart = f" It was run in {compared.parts} parts, which learned apart." if compared.parts > 1 else ""
    return (
        f"Commit {compared.commit}, seed {compared.seed}, {compared.date}: {count} incidents in"
        f" {compared.seconds:,.0f} s ({compared.cpu_seconds:,.0f} s of computing on one core). The language model knew"
        f" the cause of {compared.adviser_right} of the {count}.{apart}{cut_off if count < compared.planned else ''}"
    )


def _arms(compared: Compared) -> str:
    lines = [_head(_ARMS)]
    for arm in compared.arms:
        results = compared.of_arm(arm)
        count = len(results)
        lines.append(
            f"| {arm} | {_share(sum(result.resolved for result in results), count)}"
            f" | {sum(result.harmed for result in results)}"
            f" | {sum(result.unsafe for result in results)} | {sum(result.blocked for result in results)}"
            f" | {_share(sum(result.answers for result in results), count)}"
            f" | {_share(sum(result.answers for result in results), sum(result.alarms for result in results))}"
            f" | {sum(result.seconds for result in results) / max(count, 1):.1f} |"
        )
    return "\n".join(lines)


def _aims(compared: Compared) -> str:
    """Return which aims are met, by the numbers of this run."""
    lines = []
    for arm in (_RULES, _TRUSTING):
        results = compared.of_arm(arm)
        if not results:
            continue
        count, resolved = len(results), sum(result.resolved for result in results)
        answers, alarms = sum(result.answers for result in results), sum(result.alarms for result in results)
        harmed = sum(result.harmed for result in results)
        lines.append(
            f"| {arm} | {harmed}: {_met(harmed == 0)} | {_share(resolved, count)}:"
            f" {_met(resolved >= LEAST_RESOLVED * count)} | {_share(answers, count)}:"
            f" {_met(answers <= MOST_ANSWERS * count)} | {_share(answers, alarms)}:"
            f" {_met(answers <= MOST_ANSWERS * alarms)} |"
        )
    return "\n".join([_head(_AIMS), *lines])


def _met(is_met: bool) -> str:
    return "met" if is_met else "missed"


def _fell_short(compared: Compared) -> str:
    """Return the incidents that the rules did not resolve, and what they did."""
    lines = [
        f"* {result.incident} ({result.kind}): {_word(result)}, {result.change:+.3f}. {'; '.join(result.steps)}."
        for result in compared.of_arm(_RULES)
        if result.harmed or not result.resolved
    ]
    return "\n".join(lines) or "Nowhere in this run."


def _by_kind(compared: Compared) -> str:
    kinds = list(dict.fromkeys(_family(result) for result in compared.results))
    lines = [_head(["injected", "incidents", *compared.arms])]
    for kind in kinds:
        cells = []
        for arm in compared.arms:
            results = [result for result in compared.of_arm(arm) if _family(result) == kind]
            harmed = sum(result.harmed for result in results)
            cells.append(f"{sum(result.resolved for result in results)}" + (f", {harmed} harmed" if harmed else ""))
        count = len({result.incident for result in compared.results if _family(result) == kind})
        lines.append(f"| {kind} | {count} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _every(compared: Compared) -> str:
    lines = [_head(["incident", "injected", *compared.arms, "what the rules did"])]
    for name in compared.incidents:
        of_it = {result.arm: result for result in compared.results if result.incident == name}
        first = next(iter(of_it.values()))
        cells = [f"{_word(of_it[arm])} {of_it[arm].change:+.3f}" for arm in compared.arms]
        did = "; ".join(of_it["rules"].steps) if "rules" in of_it else ""
        kind = first.kind if first.to_gain or not _in_model(first) else f"{first.kind} (nothing to gain)"
        lines.append(f"| {name} | {kind} | {' | '.join(cells)} | {did} |")
    return "\n".join(lines)


def _recipe(compared: Compared) -> str:
    lines = [
        f"| {shown.incident} | {shown.rows:,} | {shown.metric} | {shown.before_by_itself:.3f}"
        f" | {shown.after_by_itself:.3f} | {shown.before:.3f} | {shown.after:.3f}"
        f" | {shown.gate.replace('_', ' ')}: {shown.reasons} |"
        for shown in compared.demonstrations
    ]
    return "\n".join([_head(_RECIPE), *lines])


def _head(columns: Sequence[str]) -> str:
    return f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}"


def _share(count: int, of: int) -> str:
    return f"{count} of {of} ({count / max(of, 1):.0%})"


def _family(result: Result) -> str:
    return result.kind.partition(":")[0]


def _in_model(result: Result) -> bool:
    return _family(result) in {"inputs moved", "relation changed", "bad version"}


def _word(result: Result) -> str:
    return "harmed" if result.harmed else "resolved" if result.resolved else "open"
