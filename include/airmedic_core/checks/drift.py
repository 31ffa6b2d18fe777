"""Drift: inputs that have moved further than windows usually do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pydantic import Field

from airmedic_core.checks import CheckOptions
from airmedic_core.records import Cause, Finding, Json, Verdict

if TYPE_CHECKING:
    from airmedic_core.checks import CheckContext
    from airmedic_core.checks._statistics import Compared

GROUP = "drift"
_CERTAIN = 1e-8
"""Statistics with smaller p-values are equally certain: the larger move describes the column."""
_DEPENDENT = 5.0
_BEYOND_HISTORY = 2.0
_SUGGESTS = (Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)


class Options(CheckOptions):
    """When a column counts as moved."""

    false_discovery_rate: float = Field(default=0.01, gt=0, lt=1)
    """Expected share of false ones among the columns that are called conspicuous."""
    least_effect: float = Field(default=0.1, ge=0)
    """Smaller moves of numbers are of no interest: standard deviations."""
    least_share: float = Field(default=0.03, ge=0, le=1)
    """Smaller moves of a category's share are of no interest."""
    large_effect: float = Field(default=0.2, ge=0)
    """A move of numbers that is an alert in its first window: standard deviations."""
    large_share: float = Field(default=0.08, ge=0, le=1)
    """A move of a category's share that is an alert in its first window."""
    psi_limit: float | None = Field(default=None, gt=0)
    """A fixed limit on the population stability index of every column, in place of all of the above."""
    psi_limits: dict[str, float] = Field(default_factory=dict)
    """The same for single columns."""
    slow_level: float = Field(default=8.0, gt=0)
    """Level of the cumulative sum that watches for slow drift."""


def run(context: CheckContext, options: Options) -> list[Finding]:
    """Compare each column with the reference and the healthy windows since."""
    import numpy as np

    from airmedic_core.checks._statistics import compare_categories, compare_numeric, one_value_per_window
    from airmedic_core.verdicts.multiplicity import adjust

    if context.batch.rows < min(context.spec.window.min_rows, 10):
        return []
    past, whole, now = context.past_profiles, context.reference.whole, context.profile
    columns = [name for name in context.features if name not in now.missing and now.columns[name].values]
    judged = [name for name in columns if not one_value_per_window(past, name)]
    compared = [
        compare_numeric(now, whole, past, [name for name in judged if name in now.edges.numeric]),
        compare_categories(now, whole, past, [name for name in judged if name in now.edges.categorical]),
    ]
    strongest = {name: _strongest(part, name, len(past)) for part in compared for name in dict.fromkeys(part.columns)}
    names = list(strongest)
    adjusted = adjust(np.array([strongest[name]["p_value"] for name in names], dtype=float))
    findings = []
    for name, q_value in zip(names, adjusted, strict=True):
        findings.append(_finding(context, name, strongest[name], float(q_value), options))
    findings += [_not_judged(context, name) for name in columns if name not in strongest]
    return findings + _slow(context, findings, options)


def _strongest(part: Compared, name: str, windows: int) -> Json:
    """Return the most conspicuous statistic of a column; its p-value pays for the choice."""
    import numpy as np

    entries = [at for at, column in enumerate(part.columns) if column == name and np.isfinite(part.result.p_value[at])]
    if not entries:
        return {"p_value": float("nan"), "effect": 0.0, "z": 0.0, "part": "", "baseline": None, "value": None}
    effects = np.abs(part.result.difference / part.unit)
    best = min(entries, key=lambda at: (max(part.result.p_value[at], _CERTAIN), -effects[at]))
    # Shares of categories add up to one: their tests are few independent ones.
    tests = len(entries) if len(entries) <= 2 else max(2.0, len(entries) / 2)
    p_value = min(1.0, float(part.result.p_value[best]) * tests)
    same = [at for at in entries if part.parts[at] == part.parts[best]] if len(entries) <= 2 else entries
    if max(part.result.excess[at] for at in same) > _DEPENDENT and windows:
        # The rows of a window depend on each other, as the hours of one day's weather do: windows are the sample, and
        # no theory of rows may be believed. Then only history itself can say how rare the window is.
        seen = max(part.result.widest[at] for at in same)
        if abs(part.result.difference[best]) < _BEYOND_HISTORY * seen:
            p_value = max(p_value, 1.0 / (windows + 1))
    return {
        "p_value": p_value,
        "effect": float(part.result.difference[best] / part.unit[best]),
        "z": float(part.result.z[best]),
        "part": part.parts[best],
        "baseline": float(part.result.centre[best]),
        "value": float(part.values[best]),
        "spread": float(part.result.spread[best] / part.unit[best]),
    }


def _finding(context: CheckContext, name: str, best: Json, q_value: float, options: Options) -> Finding:
    numeric = name in context.profile.edges.numeric
    least, large = (
        (options.least_effect, options.large_effect) if numeric else (options.least_share, options.large_share)
    )
    effect = best["effect"]
    moved = q_value < options.false_discovery_rate and abs(effect) >= least
    certain = q_value < options.false_discovery_rate / 10 and abs(effect) >= large
    before = context.seen_before(f"drift:{name}:shift")
    again = before is not None and (before.effect or 0.0) * effect > 0
    verdict = Verdict.OK if not moved else Verdict.ALERT if certain or again else Verdict.WATCH
    details = {key: best[key] for key in ("z", "part", "spread") if key in best} | _distances(context, name)
    limit = options.psi_limits.get(name, options.psi_limit)
    if limit is not None:
        verdict = Verdict.ALERT if (details.get("psi") or 0.0) > limit else Verdict.OK
        details["psi_limit"] = limit
    return Finding(
        "drift",
        name,
        "shift",
        verdict,
        value=best["value"],
        baseline=best["baseline"],
        limit=least,
        effect=effect,
        p_value=q_value,
        sample_size=context.profile.columns[name].values,
        unit="rank" if numeric else "fraction",
        message=_message(name, best, numeric=numeric, moved=verdict is not Verdict.OK),
        suggests=() if verdict is Verdict.OK else _SUGGESTS,
        details=details,
    )


def _message(name: str, best: Json, *, numeric: bool, moved: bool) -> str:
    effect = best["effect"]
    if not moved:
        return f"{name} lies where it usually does."
    usual = best.get("spread", 0.0)
    if numeric and best["part"] == "location":
        way = "higher" if effect > 0 else "lower"
        return f"{name} is {way} by {abs(effect):.2f} standard deviations (usual ±{usual:.2f})."
    if numeric:
        return f"{name} spreads {'more widely' if effect > 0 else 'less widely'} than it did."
    return f"{name} = {best['part']!r}: {best['value']:.1%} of the rows where {best['baseline']:.1%} are usual."


def _distances(context: CheckContext, name: str) -> dict[str, Any]:
    """Return the usual distances, and what Evidently's defaults would say of the column."""
    from airmedic_core.profile import NumericProfile, jensen_shannon, ks, psi, wasserstein_normalised

    reference, now = context.reference.whole.columns[name], context.profile.columns[name]
    found: dict[str, Any] = {"psi": psi(reference, now), "jensen_shannon": jensen_shannon(reference, now)}
    small = reference.values <= 1000
    if isinstance(reference, NumericProfile) and isinstance(now, NumericProfile):
        found |= {"ks": ks(reference, now), "wasserstein": wasserstein_normalised(reference, now)}
        # Evidently 0.7: Kolmogorov–Smirnov at 5 % up to 1,000 reference rows, above them Wasserstein at 0.1.
        sizes = reference.values * now.values / max(reference.values + now.values, 1)
        says = found["ks"] * sizes**0.5 > 1.36 if small else found["wasserstein"] >= 0.1
    else:
        says = found["jensen_shannon"] >= 0.1
    rounded = {key: round(value, 6) if math.isfinite(value) else None for key, value in found.items()}
    return rounded | {"evidently_default": bool(says)}


def _not_judged(context: CheckContext, name: str) -> Finding:
    return Finding(
        "drift", name, "shift", Verdict.OK, sample_size=context.profile.columns[name].values,
        message=f"{name} holds one value for each window, as a calendar does: it is not judged.",
        details=_distances(context, name),
    )  # fmt: skip


def _slow(context: CheckContext, findings: list[Finding], options: Options) -> list[Finding]:
    """Add up the windows: a small move that stays is drift, too."""
    from airmedic_core.verdicts.sequential import Cusum

    past: dict[str, list[float]] = {}
    for window in reversed(context.history[:60]):
        for each in window.findings:
            if each.check == "drift" and each.statistic == "shift" and each.details.get("part") == "location":
                past.setdefault(each.subject, []).append(float(each.details.get("z") or 0.0))
    slow = []
    for finding in findings:
        scores = past.get(finding.subject, [])
        if finding.verdict is not Verdict.OK or len(scores) < 5 or finding.details.get("part") != "location":
            continue
        level, since = Cusum().run([*scores, float(finding.details.get("z") or 0.0)])
        if abs(level) > options.slow_level and abs(finding.effect or 0.0) >= options.least_effect:
            slow.append(
                Finding(
                    "drift", finding.subject, "slow_shift", Verdict.WATCH, value=level, limit=options.slow_level,
                    effect=finding.effect, sample_size=finding.sample_size,
                    message=f"{finding.subject} has been moving the same way for {since} windows.", suggests=_SUGGESTS,
                )
            )  # fmt: skip
    return slow
