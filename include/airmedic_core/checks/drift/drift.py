"""Drift: inputs that have moved further than windows usually do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.numbers import number, percent
from airmedic_core.records import Cause, Finding, Json, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.checks.drift.slow import SlowMove
    from airmedic_core.comparison import CheckContext
    from airmedic_core.measures.column_statistics import Compared

_CERTAIN = 1e-8
"""Statistics with smaller p-values are equally certain: the larger move describes the column."""
_DEPENDENT = 5.0
_MOSTLY = 0.5
"""Of what a window is compared with: so much of the season's level is said."""
_BEYOND_HISTORY = 2.0
_SUGGESTS = (Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)
_EXPLAINED_BY = (Cause.UNIT_CHANGE, Cause.SCHEMA_CHANGE)
"""A column that arrives in another unit or under another type has moved for that reason alone."""


class Options(CheckOptions):
    """When a column counts as moved."""

    false_discovery_rate: float = Field(default=0.05, gt=0, lt=1)
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
    """Level of the cumulative sum that finds slow drift: watched above it, an alert if the window before was, too."""


class Drift(Check[Options]):
    """Inputs that have moved further than windows usually do."""

    group = "drift"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Compare each column with the reference and the healthy windows since."""
        import numpy as np

        from airmedic_core.checks.drift.slow import slow_moves
        from airmedic_core.measures.column_statistics import compare, of_categories, of_numbers, one_value_per_window
        from airmedic_core.verdicts.multiplicity import adjust

        if context.batch.rows < min(context.spec.window.min_rows, 10):
            return []
        before = context.profile_before
        # The window before is held against this one: it is not usual yet.
        past = [each for each in context.past_profiles if each is not before]
        whole, now = context.reference.whole, context.profile
        columns = [name for name in context.features if name not in now.missing and now.columns[name].values]
        judged = [name for name in columns if not one_value_per_window(past, name)]
        kinds = (
            of_numbers(whole, [name for name in judged if name in now.edges.numeric]),
            of_categories(whole, [name for name in judged if name in now.edges.categorical]),
        )
        compared = [compare(kind, now, whole, past, before) for kind in kinds]
        moves = {
            name: _strongest(part, name, len(past), options)
            for part in compared
            for name in dict.fromkeys(part.statistics.columns)
        }
        names = list(moves)
        single, lasting = (
            adjust(np.array([getattr(moves[name], kind) for name in names], dtype=float))
            for kind in ("p_value", "lasting_p_value")
        )
        findings = [
            _finding(context, name, moves[name], float(one), float(both), options)
            for name, one, both in zip(names, single, lasting, strict=True)
        ]
        findings += [_not_judged(context, name) for name in columns if name not in moves]
        conspicuous = {each.subject for each in findings if each.verdict is not Verdict.OK}
        slow = [move for part in compared for move in slow_moves(context, part, options.slow_level)]
        return findings + [_slow(move) for move in slow if _of_interest(context, move, conspicuous, options)]


@dataclass(frozen=True)
class _Move:
    """The most conspicuous statistic of a column."""

    part: str = ""
    p_value: float = float("nan")
    """Pays for the choice of the statistic."""
    lasting_p_value: float = float("nan")
    effect: float = 0.0
    effect_before: float = 0.0
    """Of the window before, where both are conspicuous together."""
    z: float = 0.0
    value: float | None = None
    baseline: float | None = None
    spread: float = 0.0
    like: str = ""
    """The earlier windows that this one is compared with, where history has a season: ``8 earlier Sundays``."""
    season: float = 0.0
    """What the season adds, as an effect."""


def _strongest(part: Compared, name: str, windows: int, options: Options) -> _Move:
    import numpy as np

    statistics, result = part.statistics, part.result
    entries = [at for at, column in enumerate(statistics.columns) if column == name and np.isfinite(result.p_value[at])]
    if not entries:
        return _Move()
    effects = np.abs(part.effects)
    of_interest = entries
    if part.like is not None:
        # A season may lie off the middle of the reference's ranks, where what moves seems to spread a little, too.
        least = options.least_effect if statistics.numeric else options.least_share
        of_interest = [at for at in entries if effects[at] >= least] or entries
    best = min(of_interest, key=lambda at: (max(result.p_value[at], _CERTAIN), -effects[at]))
    # Shares of categories add up to one: their tests are few independent ones.
    tests = len(entries) if len(entries) <= 2 else max(2.0, len(entries) / 2)
    p_value = min(1.0, float(result.p_value[best]) * tests)
    stays = min(of_interest, key=lambda at: part.lasting_p_value[at])
    lasting = min(1.0, float(part.lasting_p_value[stays]) * tests)
    same = [at for at in entries if statistics.parts[at] == statistics.parts[best]] if len(entries) <= 2 else entries
    wide = statistics.wide * statistics.unit
    dependent = any(result.excess[at] > _DEPENDENT and result.spread[at] > wide[at] for at in same)
    if dependent and windows:
        # The rows of a window depend on each other, as the hours of one day's weather do: windows are the sample, and
        # no theory of rows may be believed. Then only history itself can say how rare the window is.
        seen = max(result.widest[at] for at in same)
        if abs(result.difference[best]) < _BEYOND_HISTORY * seen:
            p_value, lasting = max(p_value, 1.0 / (windows + 1)), max(lasting, 1.0 / (windows + 1))
    if lasting < p_value:
        best = stays
    return _Move(
        part=statistics.parts[best],
        p_value=p_value,
        lasting_p_value=lasting,
        effect=float(part.effects[best]),
        effect_before=float(part.effect_before[stays]) if lasting < 1.0 else 0.0,
        z=float(result.z[best]),
        value=float(part.values[best]),
        baseline=float(part.expected[best]),
        spread=float(result.spread[best] / statistics.unit[best]),
        **_like(part, best),
    )


def _like(part: Compared, at: int) -> dict[str, Any]:
    if part.like is None or part.like.level.weight[at] < _MOSTLY:
        return {}
    level = part.like.level
    return {
        "like": f"{int(level.windows[at])} earlier {part.like.name}",
        "season": float(level.part[at] / part.statistics.unit[at]),
    }


def _finding(
    context: CheckContext, name: str, move: _Move, single: float, lasting: float, options: Options
) -> Finding:  # fmt: skip
    numeric = name in context.profile.edges.numeric
    least, large = (
        (options.least_effect, options.large_effect) if numeric else (options.least_share, options.large_share)
    )
    rate = options.false_discovery_rate
    moved = single < rate and abs(move.effect) >= least
    certain = single < rate / 10 and abs(move.effect) >= large
    before = context.seen_before(f"drift:{name}:shift") if context.profile_before is not None else None
    again = moved and before is not None and (before.effect or 0.0) * move.effect > 0
    stays = lasting < rate and min(abs(move.effect), abs(move.effect_before)) >= least
    verdict = Verdict.ALERT if certain or again or stays else Verdict.WATCH if moved else Verdict.OK
    details: Json = {"z": move.z, "part": move.part, "spread": move.spread} | _distances(context, name)
    if move.like:
        details |= {"compared_with": move.like, "season": round(move.season, 6)}
    limit = options.psi_limits.get(name, options.psi_limit)
    if limit is not None:
        verdict = Verdict.ALERT if float(details.get("psi") or 0.0) > limit else Verdict.OK
        details["psi_limit"] = limit
    return Finding(
        "drift",
        name,
        "shift",
        verdict,
        value=move.value,
        baseline=move.baseline,
        limit=least,
        effect=move.effect,
        p_value=min(single, lasting) if stays else single,
        sample_size=context.profile.columns[name].values,
        unit="rank" if numeric else "fraction",
        message=_message(name, move, numeric=numeric, moved=verdict is not Verdict.OK),
        suggests=() if verdict is Verdict.OK else _SUGGESTS,
        role=Role.INPUT_MOVED,
        explained_by=_EXPLAINED_BY,
        details=details,
    )


def _message(name: str, move: _Move, *, numeric: bool, moved: bool) -> str:
    if not moved:
        return f"{name} lies where it usually does."
    than = f" than in {move.like}" if move.like else ""
    if numeric and move.part == "location":
        way = "higher" if move.effect > 0 else "lower"
        return f"{name} is {way} by {abs(move.effect):.2f} standard deviations{than} (usual ±{move.spread:.2f})."
    if numeric:
        return f"{name} spreads {'more widely' if move.effect > 0 else 'less widely'}{than or ' than it did'}."
    now, usual = number(move.value, "fraction"), number(move.baseline, "fraction")
    like = f" in {move.like}" if move.like else ""
    return f"{name} = {move.part!r}: {now} of the rows where {usual} are usual{like}."


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
        role=Role.INPUT_MOVED, explained_by=_EXPLAINED_BY, details=_distances(context, name),
    )  # fmt: skip


def _of_interest(context: CheckContext, move: SlowMove, conspicuous: set[str], options: Options) -> bool:
    least = options.least_effect if move.column in context.profile.edges.numeric else options.least_share
    return move.column not in conspicuous and abs(move.effect) >= least


def _slow(move: SlowMove) -> Finding:
    """Say of a small move that stays how long it has been going on."""
    numeric = move.part in {"location", "spread"}
    size = f"{abs(move.effect):.2f} standard deviations" if numeric else f"{percent(abs(move.effect), 1)} of the rows"
    what = move.column if move.part == "location" else f"The {move.part} of {move.column}"
    if not numeric:
        what = f"The share of {move.column} = {move.part!r}"
    verdict = Verdict.ALERT if move.confirmed else Verdict.WATCH
    return Finding(
        "drift", move.column, "slow_shift", verdict, value=move.level, limit=move.limit, effect=move.effect,
        message=f"{what} has been moving the same way for {move.windows} windows, lately by {size}.",
        suggests=_SUGGESTS, role=Role.INPUT_MOVED, explained_by=_EXPLAINED_BY,
        details={"part": move.part, "windows": move.windows},
    )  # fmt: skip
