"""Drift: inputs that have moved further than windows usually do."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any, final

from airmedic_core.checks import Check, Threshold
from airmedic_core.checks.drift.options import Options
from airmedic_core.numbers import number, percent
from airmedic_core.records import Cause, Finding, Json, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.checks.drift.move import Move
    from airmedic_core.checks.drift.slow_moves import SlowMove
    from airmedic_core.comparison import CheckContext

_log = logging.getLogger(__name__)
_SUGGESTS = (Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)
_EXPLAINED_BY = (Cause.UNIT_CHANGE, Cause.SCHEMA_CHANGE)
"""A column that arrives in another unit or under another type has moved for that reason alone."""


_LEAST_ROWS = 10
"""Rows from which a window says something of its inputs, whatever more the spec calls enough."""
_AT_ONCE = 10.0
"""A large move is an alert in its first window if it is so many times less likely than the false-discovery rate."""
_EVIDENTLY_SMALL, _EVIDENTLY_DISTANCE = 1000, 0.1
"""Evidently 0.7: Kolmogorov–Smirnov at 5 % up to so many reference rows, above them Wasserstein at this distance."""
_KS_5_PERCENT = 1.36
"""Kolmogorov's limit at 5 %, for the distance times the root of the sizes (Smirnov 1948)."""


@final
class Drift(Check[Options]):
    """Inputs that have moved further than windows usually do.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(amount=1.5 * day["amount"]))
    >>> for finding in Drift().run(context, Options()):
    ...     print(f"{finding.verdict}: {finding.message}")
    alert: amount is higher by 0.78 standard deviations (usual ±0.07).
    ok: income lies where it usually does.
    ok: channel lies where it usually does.
    """

    group = "drift"
    options = Options
    thresholds = (Threshold("drift", "least_effect", "effect", 2.0),)

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Compare each column with the reference and the healthy windows since."""
        import numpy as np

        from airmedic_core.checks.drift.move import strongest
        from airmedic_core.checks.drift.slow_moves import slow_moves
        from airmedic_core.measures.column_statistics import of_categories, of_numbers, one_value_per_window
        from airmedic_core.measures.compared_columns import compare
        from airmedic_core.measures.unseen_categories import usual_unseen
        from airmedic_core.verdicts.multiplicity import adjust

        if context.batch.rows < min(context.spec.window.min_rows, _LEAST_ROWS):
            return []
        before = context.profile_before
        # The window before is held against this one: it is not usual yet.
        past = [profile for profile in context.past_profiles if profile is not before]
        whole, now = context.reference.whole, context.profile
        columns = [name for name in context.features if name not in now.missing and now.columns[name].values]
        judged = [name for name in columns if not one_value_per_window(past, name)]
        categories = [name for name in judged if name in now.edges.categorical]
        tailed = [name for name in categories if getattr(now.columns[name], "unseen", 0)]
        kinds = (
            of_numbers(whole, [name for name in judged if name in now.edges.numeric]),
            of_categories(whole, categories, usual_unseen={name: usual_unseen(context, name) for name in tailed}),
        )
        compared = [compare(kind, now, whole, past, before) for kind in kinds]
        moves = {
            name: strongest(part, name, len(past), options)
            for part in compared
            for name in dict.fromkeys(part.statistics.columns)
        }
        names = list(moves)
        single, lasting = (
            adjust(np.array([getattr(moves[name], kind) for name in names], dtype=float))
            for kind in ("p_value", "lasting_p_value")
        )
        findings = [
            _guarded(context, name, moves[name], float(alone), float(together), options)
            for name, alone, together in zip(names, single, lasting, strict=True)
        ]
        findings += [_not_judged(context, name) for name in columns if name not in moves]
        conspicuous = {finding.subject for finding in findings if finding.verdict is not Verdict.OK}
        slow = [move for part in compared for move in slow_moves(context, part, options.slow_level)]
        return findings + [_slow(move) for move in slow if _of_interest(context, move, conspicuous, options)]


def _guarded(
    context: CheckContext, name: str, move: Move, single: float, lasting: float, options: Options
) -> Finding:  # fmt: skip
    """Return the finding on one column. One that cannot be judged says so, and never takes the others with it."""
    try:
        return _finding(context, name, move, single, lasting, options)
    except Exception as error:  # noqa: BLE001  one column must not take the others with it
        _log.exception("Drift of %s could not be judged in %s.", name, context.batch.id)
        text = f"Drift of {name} could not be judged: {type(error).__name__}: {error}"
        return Finding(
            "drift", name, "error", Verdict.UNKNOWN, message=text, role=Role.INPUT_MOVED, details={"failed": True}
        )


def _finding(
    context: CheckContext, name: str, move: Move, single: float, lasting: float, options: Options
) -> Finding:  # fmt: skip
    from airmedic_core.checks.drift.signs_of_damage import signs_of_damage

    numeric = name in context.profile.edges.numeric
    least, large = (
        (options.least_effect, options.large_effect) if numeric else (options.least_share, options.large_share)
    )
    rate = options.false_discovery_rate
    moved = single < rate and abs(move.effect) >= least
    certain = single < rate / _AT_ONCE and abs(move.effect) >= large
    before = context.seen_before(f"drift:{name}:shift") if context.profile_before is not None else None
    again = moved and before is not None and (before.effect or 0.0) * move.effect > 0
    stays = lasting < rate and min(abs(move.effect), abs(move.effect_before)) >= least
    verdict = Verdict.ALERT if certain or again or stays else Verdict.WATCH if moved else Verdict.OK
    details: Json = {"z": move.z, "part": move.part, "spread": move.spread} | _distances(context, name)
    if verdict is not Verdict.OK:
        details |= signs_of_damage(context.reference.whole.columns[name], context.profile.columns[name])
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


def _message(name: str, move: Move, *, numeric: bool, moved: bool) -> str:
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
    distances: dict[str, Any] = {"psi": psi(reference, now), "jensen_shannon": jensen_shannon(reference, now)}
    if isinstance(reference, NumericProfile) and isinstance(now, NumericProfile):
        distances |= {"ks": ks(reference, now), "wasserstein": wasserstein_normalised(reference, now)}
        sizes = reference.values * now.values / max(reference.values + now.values, 1)
        small = reference.values <= _EVIDENTLY_SMALL
        drifted = (
            distances["ks"] * sizes**0.5 > _KS_5_PERCENT if small else distances["wasserstein"] >= _EVIDENTLY_DISTANCE
        )
    else:
        drifted = distances["jensen_shannon"] >= _EVIDENTLY_DISTANCE
    rounded = {key: round(value, 6) if math.isfinite(value) else None for key, value in distances.items()}
    return rounded | {"evidently_default": bool(drifted)}


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
