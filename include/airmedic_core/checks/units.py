"""Units: columns, or a share of their rows, that are now measured in another unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from airmedic_core.checks import CheckOptions
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from airmedic_core.checks import CheckContext
    from airmedic_core.checks._conversions import Map
    from airmedic_core.checks._converted_groups import Groups
    from airmedic_core.checks._factors import Factors
    from airmedic_core.checks._ties import Ties
    from airmedic_core.profile import NumericProfile
    from airmedic_core.verdicts.mixture import MixtureFit

GROUP = "data"
_WANDERING = 0.3
"""Windows of a column that usually differs so much (Kolmogorov–Smirnov) show little by their distribution."""
_LEFT = 0.25
"""Of a move: so much is left at the most by a conversion, if it is more than rows explain."""
_TYPICAL = 0.9
"""Share of earlier windows that are no farther from the reference than a conversion may leave a column."""
_LEAST_FILLED, _LEAST_DISTINCT = 8, 5
"""Bins of the reference, and values of the window: fewer have no distribution to speak of."""


class Options(CheckOptions):
    """When a column counts as converted."""

    least_share: float = Field(default=0.05, gt=0, le=1)
    """A smaller share of converted rows is not looked for."""
    least_distance: float = Field(default=0.1, gt=0, le=1)
    """Columns that moved less than this (Kolmogorov–Smirnov), or no more than usual, are not looked at."""


def run(context: CheckContext, options: Options) -> list[Finding]:
    """Look for columns that are an affine map of their reference with a known factor."""
    if not context.batch.rows:
        return []
    from airmedic_core.checks._converted_groups import Groups
    from airmedic_core.checks._ties import Ties

    rows = context.reference_rows
    groups = Groups(context, rows, options.least_share) if rows is not None else None
    ties = Ties(context, rows) if rows is not None else None
    findings = []
    for name in context.profile.edges.numeric:
        if name not in context.profile.missing:
            found = _column(context, name, ties, options)
            findings += found or (_group(context, name, groups, options) if groups else [])
    if not findings:
        count = len(context.profile.edges.numeric)
        findings.append(
            Finding(
                "units", "batch", "columns", Verdict.OK, value=count, message=f"No unit changed in {count} columns."
            )
        )
    return findings


def _column(context: CheckContext, name: str, ties: Ties | None, options: Options) -> list[Finding]:
    from airmedic_core.checks._converted_rows import WHOLE
    from airmedic_core.profile import NumericProfile, ks

    now, reference = context.profile.columns[name], context.recent.columns[name]
    if not isinstance(now, NumericProfile) or not isinstance(reference, NumericProfile):
        return []
    if now.values < 20:
        return []
    noise = 1.36 / now.values**0.5
    past = [
        ks(reference, column)
        for profile in context.past_profiles
        if isinstance(column := profile.columns[name], NumericProfile) and column.values >= 20
    ]
    usual = max(past, default=noise)
    typical = sorted(past)[int(_TYPICAL * (len(past) - 1))] if past else noise
    moved = ks(reference, now)
    if (zone := _other_zone(context, name, options)) is not None:
        return [zone]
    # Levels and a grid are exact; a distribution is not.
    found = _by_levels(context, name, reference, options)
    factors = None
    many = (
        int((reference.counts > 0).sum()) >= _LEAST_FILLED and context.facts.columns[name].distinct >= _LEAST_DISTINCT
    )
    if found is None and many:
        found = _by_grid(context, name, reference, options)
    if (
        found is None
        and many
        and (moved >= max(options.least_distance, 1.1 * usual, noise) or _beyond(now, reference, options.least_share))
    ):
        found = _best(context, name, reference, max(usual, noise), max(typical, noise), ties, options)
        if found and not found[0].offset and found[0].factor > 0:
            found, factors = _with_factors(_values(context, name), reference, *found)
    if found is None:
        return []
    one, fit = found
    whole = fit.share > WHOLE
    turned = one.factor == -1.0
    said = "have the other sign" if turned else f"are in another unit: {one.name}"
    rows = "All values" if whole else f"{percent(fit.share)} of the values"
    conversion = _inverse(one)
    told = factors.sentence(one) if factors else ""
    return [
        Finding(
            "units",
            name,
            "converted_share",
            Verdict.ALERT,
            value=fit.share,
            baseline=0.0,
            limit=options.least_share,
            effect=fit.share,
            sample_size=now.values,
            unit="fraction",
            message=f"{rows} of {name} {said}. {conversion} brings them back. {told}".rstrip(),
            # No quantity is measured in negative units: a turned sign is an error of the source.
            suggests=(Cause.DATA_CORRUPTION if turned else Cause.UNIT_CHANGE,),
            details={
                "factor": one.factor, "offset": one.offset, "conversion": conversion, "map": one.name,
                "distance_before": round(moved, 4), "distance_after": round(fit.distance, 4),
                **({"factor_low": factors.low, "factor_high": factors.high} if factors else {}),
            },
        )
    ]  # fmt: skip


def _group(context: CheckContext, name: str, groups: Groups, options: Options) -> list[Finding]:
    from airmedic_core.checks._conversions import known_maps
    from airmedic_core.checks._converted_groups import LEAST_MOVE, converted_group
    from airmedic_core.profile import NumericProfile, ks

    now, reference = context.profile.columns[name], context.reference.whole.columns[name]
    if not isinstance(now, NumericProfile) or not isinstance(reference, NumericProfile):
        return []
    # A group that moved takes the whole column along by its share.
    if not ks(reference, now) >= LEAST_MOVE * options.least_share:
        return []
    found = converted_group(groups, name, known_maps())
    if found is None or found.share < options.least_share:
        return []
    one = found.one
    hidden = context.spec.is_private(found.group)
    where = "in one group of rows" if hidden else f"where {found.group}"
    return [
        Finding(
            "units", name, "converted_share", Verdict.ALERT, value=found.share, baseline=0.0,
            limit=options.least_share, effect=found.share, sample_size=context.rows_seen, unit="fraction",
            message=f"The values of {name} {where} are in another unit: {one.name}. {_inverse(one)} brings them back.",
            suggests=(Cause.UNIT_CHANGE,),
            details={
                "factor": one.factor, "offset": one.offset, "conversion": _inverse(one), "map": one.name,
                "distance_before": round(found.before, 4), "distance_after": round(found.after, 4),
                **({} if hidden else {"group": found.group}),
            },
        )
    ]  # fmt: skip


def _inverse(one: Map) -> str:
    return f"(x − {one.offset:g}) / {one.factor:g}" if one.offset else f"x / {one.factor:g}"


def _other_zone(context: CheckContext, name: str, options: Options) -> Finding | None:
    from airmedic_core.checks._clock import hours_ahead

    rows = context.reference_rows
    if rows is None:
        return None
    found = hours_ahead(rows, context.frame, name, context.spec.data.time_column, options.least_share)
    if found is None:
        return None
    hours, share = found
    values = "All values" if share > 0.95 else f"{percent(share)} of the values"
    return Finding(
        "units", name, "converted_share", Verdict.ALERT, value=share, baseline=0.0, limit=options.least_share,
        effect=share, sample_size=context.rows_seen, unit="fraction",
        message=f"{values} of {name} tell the hour of another time zone: {hours:+d} hours.",
        suggests=(Cause.UNIT_CHANGE,), details={"hours": hours},
    )  # fmt: skip


def _beyond(now: NumericProfile, reference: NumericProfile, share: float) -> bool:
    if reference.maximum is None or reference.minimum is None or not now.values:
        return False
    top = int(reference.edges.searchsorted(reference.maximum, side="left"))
    bottom = int(reference.edges.searchsorted(reference.minimum, side="left"))
    return float(now.counts[top + 1 :].sum() + now.counts[:bottom].sum()) >= share * now.values


def _best(
    context: CheckContext,
    name: str,
    reference: NumericProfile,
    usual: float,
    typical: float,
    ties: Ties | None,
    options: Options,
) -> tuple[Map, MixtureFit] | None:
    import numpy as np

    from airmedic_core.checks._conversions import known_maps, rescaled_maps
    from airmedic_core.checks._converted_rows import (
        WHOLE,
        Cumulative,
        converted_rows_fit,
        fit_map,
        or_all,
        outside_as_expected,
        separate,
        share_upto,
        unmistakable,
    )
    from airmedic_core.profile import NumericProfile

    values = _values(context, name)
    cumulative = Cumulative(reference)
    whole = context.reference.whole.columns[name]
    assert isinstance(whole, NumericProfile)  # noqa: S101  recent and whole have the same edges
    candidates, noise = [], 1.63 / len(values) ** 0.5
    for one in known_maps() + rescaled_maps(values, reference):
        fit = or_all(fit_map(values, cumulative, one), values, cumulative, one)
        if fit.share < options.least_share or fit.gain < 12.0:
            continue
        if fit.share <= WHOLE and not separate(reference, one):
            continue
        before = float(np.abs(share_upto(values, cumulative.edges) - cumulative(cumulative.edges)).max())
        # One day of a column that wanders is far from all days together, in any unit. Where days are alike but for one
        # storm, its distance is no measure of what a conversion may leave.
        limit = 1.3 * (usual if usual > _WANDERING else typical)
        if fit.distance > max(limit, 0.05):
            continue
        if usual <= _WANDERING and fit.distance > min(max(_LEFT * before, noise), 0.5 * before):
            continue
        if not converted_rows_fit(values, cumulative, one, fit, usual):
            continue
        if usual > _WANDERING and not unmistakable(values, reference, whole, one, fit):
            continue
        # Where the columns that are tied to this one moved with it, other rows came, in the same unit.
        if not outside_as_expected(values, reference, whole, one, fit) and ties and ties.others_moved_along(name):
            continue
        candidates.append((fit.gain, one, fit))
    if not candidates:
        return None
    _, one, fit = max(candidates, key=lambda candidate: candidate[0])
    return one, fit


def _with_factors(
    values: NDArray[np.float64], reference: NumericProfile, one: Map, fit: MixtureFit
) -> tuple[tuple[Map, MixtureFit], Factors]:
    """Return a conversion, or the one whose factor fits best, or else that factor by itself; and all that fit."""
    from airmedic_core.checks._converted_rows import WHOLE, Cumulative, fit_map
    from airmedic_core.checks._factors import fitting_factors

    cumulative = Cumulative(reference)
    factors = fitting_factors(values, cumulative, one, fit)
    told = factors.nearest() or factors.unknown()
    return (told, fit if fit.share > WHOLE or told == one else fit_map(values, cumulative, told)), factors


def _by_levels(
    context: CheckContext, name: str, reference: NumericProfile, options: Options
) -> tuple[Map, MixtureFit] | None:
    from airmedic_core.checks._conversions import known_maps
    from airmedic_core.checks._levels import conversion_by_levels
    from airmedic_core.profile import NumericProfile

    whole = context.reference.whole.columns[name]
    assert isinstance(whole, NumericProfile)  # noqa: S101  recent and whole have the same edges
    values = _values(context, name)
    found = conversion_by_levels(values, known_maps(), options.least_share, reference, whole)
    return found and _exactly(*found, values, reference)


def _by_grid(
    context: CheckContext, name: str, reference: NumericProfile, options: Options
) -> tuple[Map, MixtureFit] | None:
    from airmedic_core.checks._conversions import known_maps
    from airmedic_core.checks._grid import conversion_by_grid
    from airmedic_core.profile import NumericProfile

    whole = context.reference.whole.columns[name]
    assert isinstance(whole, NumericProfile)  # noqa: S101  recent and whole have the same edges
    values = _values(context, name)
    found = conversion_by_grid(values, known_maps(), options.least_share, reference, whole)
    return found and _exactly(*found, values, reference)


def _exactly(one: Map, share: float, values: NDArray[np.float64], reference: NumericProfile) -> tuple[Map, MixtureFit]:
    """Return a map that the values themselves show, with the distance that it leaves."""
    import numpy as np

    from airmedic_core.checks._converted_rows import WHOLE, Cumulative, share_upto
    from airmedic_core.verdicts.mixture import MixtureFit

    cumulative = Cumulative(reference)
    back = np.sort(one.back(values)) if share > WHOLE else values
    distance = float(np.abs(share_upto(back, cumulative.edges) - cumulative(cumulative.edges)).max())
    return one, MixtureFit(share, 0.0, distance)


def _values(context: CheckContext, name: str) -> NDArray[np.float64]:
    import numpy as np

    from airmedic_core.profile.values import numbers

    values = numbers(context.frame[name])[0]
    return np.sort(values[np.isfinite(values)])
