"""Units: columns, or a share of their rows, that are now measured in another unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from airmedic_core.checks import CheckOptions
from airmedic_core.records import Cause, Finding, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from airmedic_core.checks import CheckContext
    from airmedic_core.profile import NumericProfile
    from airmedic_core.verdicts.mixture import MixtureFit

GROUP = "data"
_MARGIN = 0.2
_WHOLE = 0.95
"""From this share on all rows count as converted."""
_WANDERING = 0.3
"""Windows of a column that usually differs so much (Kolmogorov–Smirnov) show little by their distribution."""

_FACTORS: tuple[tuple[float, str], ...] = (
    (10.0, "ten"), (100.0, "hundred (percent, cents, cm)"), (1000.0, "thousand (milli, kilo)"),
    (1024.0, "1024 (binary)"),
    (1e6, "million"), (60.0, "sixty (minutes, seconds)"), (3600.0, "3600 (hours in seconds)"),
    (24.0, "24 (days in hours)"),
    (7.0, "seven (weeks in days)"), (12.0, "twelve (years in months)"), (365.25, "365.25 (years in days)"),
    (30.4375, "30.44 (months in days)"), (86400.0, "86,400 (days in seconds)"), (3.6, "3.6 (m/s in km/h)"),
    (2.2369363, "2.237 (m/s in mph)"), (1.852, "1.852 (knots in km/h)"), (1.609344, "1.609 (miles in km)"),
    (3.2808399, "3.281 (metres in feet)"), (2.54, "2.54 (inches in cm)"), (2.2046226, "2.205 (kg in pounds)"),
    (28.349523, "28.35 (ounces in grams)"), (3.7854118, "3.785 (gallons in litres)"), (10.76391, "10.76 (m² in ft²)"),
    (4.184, "4.184 (kcal in kJ)"),
)  # fmt: skip
_SHIFTED: tuple[tuple[float, float, str], ...] = (
    (1.8, 32.0, "°C in °F"), (1 / 1.8, -32.0 / 1.8, "°F in °C"), (1.0, 273.15, "°C in K"), (1.0, -273.15, "K in °C"),
    (1.8, -459.67, "K in °F"), (1 / 1.8, 459.67 / 1.8, "°F in K"), (-1.0, 0.0, "sign turned"),
)  # fmt: skip


class Options(CheckOptions):
    """When a column counts as converted."""

    least_share: float = Field(default=0.05, gt=0, le=1)
    """A smaller share of converted rows is not looked for."""
    least_distance: float = Field(default=0.1, gt=0, le=1)
    """Columns that moved less than this (Kolmogorov–Smirnov), or no more than usual, are not looked at."""


@dataclass(frozen=True)
class _Map:
    factor: float
    offset: float
    name: str


def _known() -> list[_Map]:
    maps = [_Map(factor, 0.0, f"times {name}") for factor, name in _FACTORS]
    maps += [_Map(1.0 / factor, 0.0, f"divided by {name}") for factor, name in _FACTORS]
    return maps + [_Map(*shifted) for shifted in _SHIFTED]


def run(context: CheckContext, options: Options) -> list[Finding]:
    """Look for columns that are an affine map of their reference with a known factor."""
    if not context.batch.rows:
        return []
    findings = []
    for name in context.profile.edges.numeric:
        if name not in context.profile.missing:
            findings += _column(context, name, options)
    if not findings:
        count = len(context.profile.edges.numeric)
        findings.append(
            Finding(
                "units", "batch", "columns", Verdict.OK, value=count, message=f"No unit changed in {count} columns."
            )
        )
    return findings


def _column(context: CheckContext, name: str, options: Options) -> list[Finding]:
    from airmedic_core.profile import NumericProfile, ks

    now, reference = context.profile.columns[name], context.recent.columns[name]
    if not isinstance(now, NumericProfile) or not isinstance(reference, NumericProfile):
        return []
    if now.values < 20 or int((reference.counts > 0).sum()) < 8 or context.facts.columns[name].distinct < 5:
        return []
    noise = 1.36 / now.values**0.5
    past = [
        ks(reference, column)
        for profile in context.past_profiles
        if isinstance(column := profile.columns[name], NumericProfile) and column.values >= 20
    ]
    usual = max(past, default=noise)
    moved = ks(reference, now)
    if moved < max(options.least_distance, 1.1 * usual, noise) and not _beyond(now, reference, options.least_share):
        return []
    found = _best(context, name, reference, max(usual, noise), options)
    if found is None:
        return []
    one, fit = found
    whole = fit.share > _WHOLE
    rows = "All values" if whole else f"{fit.share:.0%} of the values"
    conversion = f"(x − {one.offset:g}) / {one.factor:g}" if one.offset else f"x / {one.factor:g}"
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
            message=f"{rows} of {name} are in another unit: {one.name}. {conversion} brings them back.",
            suggests=(Cause.UNIT_CHANGE,),
            details={
                "factor": one.factor, "offset": one.offset, "conversion": conversion, "map": one.name,
                "distance_before": round(moved, 4), "distance_after": round(fit.distance, 4),
            },
        )
    ]  # fmt: skip


def _beyond(now: NumericProfile, reference: NumericProfile, share: float) -> bool:
    if reference.maximum is None or reference.minimum is None or not now.values:
        return False
    top = int(reference.edges.searchsorted(reference.maximum, side="left"))
    bottom = int(reference.edges.searchsorted(reference.minimum, side="left"))
    return float(now.counts[top + 1 :].sum() + now.counts[:bottom].sum()) >= share * now.values


def _best(
    context: CheckContext, name: str, reference: NumericProfile, usual: float, options: Options
) -> tuple[_Map, MixtureFit] | None:
    import numpy as np

    from airmedic_core.profile import NumericProfile
    from airmedic_core.profile.values import numbers

    values = numbers(context.frame[name])[0]
    values = np.sort(values[np.isfinite(values)])
    cumulative = _Cumulative(reference)
    whole = context.reference.whole.columns[name]
    assert isinstance(whole, NumericProfile)  # noqa: S101  recent and whole have the same edges
    candidates = []
    for one in _known() + _rescaled(values, reference):
        fit = _fit(values, cumulative, one)
        if fit.share < options.least_share or fit.gain < 12.0:
            continue
        if fit.share <= _WHOLE and not _separate(reference, one):
            continue
        before = float(np.abs(_share_upto(values, cumulative.edges) - cumulative(cumulative.edges)).max())
        if fit.distance > max(1.3 * usual, 0.05) or fit.distance > 0.5 * before:
            continue
        if not _converted_rows_fit(values, cumulative, one, fit, usual):
            continue
        if usual > _WANDERING and not _unmistakable(values, reference, whole, one, fit):
            continue
        candidates.append((fit.gain, one, fit))
    if not candidates:
        return None
    _, one, fit = max(candidates, key=lambda candidate: candidate[0])
    return one, fit


def _unmistakable(
    values: NDArray[np.float64], reference: NumericProfile, whole: NumericProfile, one: _Map, fit: MixtureFit
) -> bool:
    """Whether converted values cannot be mistaken for values that a wandering column simply has today.

    They lie where the column never was, or between the steps in which it is measured, and conversion puts them back.
    """
    import numpy as np

    ends = [each for each in (reference.minimum, reference.maximum, whole.minimum, whole.maximum) if each is not None]
    if len(ends) < 4:
        return False
    low, high = min(ends), max(ends)
    margin = _MARGIN * (high - low)
    outside = float(np.mean((values < low - margin) | (values > high + margin)))
    back = (values - one.offset) / one.factor
    inside = float(np.mean((back >= low - 1e-9) & (back <= high + 1e-9)))
    if outside >= 0.7 * fit.share and (inside > 0.7 or fit.share < 0.95):
        return True
    steps = reference.edges[np.flatnonzero((reference.counts + whole.counts)[:-1] > 0)]
    if len(steps) > 120 or not len(steps):
        return False
    within = values[(values >= low) & (values <= high)]
    if within.size < 5:
        return False
    return _on(steps, within) < 1.0 - 0.5 * fit.share and (fit.share < 0.95 or _on(steps, back) > 0.9)


def _on(steps: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the share of values that are one of the steps, but for rounding."""
    import numpy as np

    at = np.clip(np.searchsorted(steps, values), 1, len(steps) - 1) if len(steps) > 1 else np.zeros(len(values), int)
    step = max(float(np.median(np.diff(steps))) if len(steps) > 1 else 1.0, 1e-9)
    nearest = np.minimum(np.abs(values - steps[at]), np.abs(values - steps[at - 1]))
    # A value on the same grid may merely not have occurred yet.
    turns = (values - steps[0]) / step
    nearest = np.minimum(nearest, step * np.abs(turns - np.round(turns)))
    return float(np.mean(nearest < 1e-2 * step))


def _separate(reference: NumericProfile, one: _Map) -> bool:
    """Whether converted values stand apart from the others, so that a share of them can be told from a shift.

    Prices that rise by half in August are not partly in another currency.
    """
    apart = abs(one.factor * reference.mean + one.offset - reference.mean)
    return apart >= reference.sd * max(1.0, abs(one.factor)) or not 0.2 < abs(one.factor) < 5.0


class _Cumulative:
    """The reference's distribution function."""

    def __init__(self, reference: NumericProfile) -> None:
        import numpy as np

        self.edges = reference.edges
        self._upto = np.cumsum(reference.counts)[:-1] / max(int(reference.counts.sum()), 1)
        # With few distinct values each has its own bin, which it closes: the function is a staircase.
        self._stairs = int((reference.counts > 0).sum()) <= 120

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        import numpy as np

        if not self._stairs:
            return np.interp(points, self.edges, self._upto, left=0.0, right=1.0)
        at = np.searchsorted(self.edges, points + 1e-9 * np.abs(points), side="right") - 1
        return np.where(at < 0, 0.0, self._upto[np.clip(at, 0, len(self._upto) - 1)])


def _fit(values: NDArray[np.float64], cumulative: _Cumulative, one: _Map) -> MixtureFit:
    import numpy as np

    from airmedic_core.verdicts.mixture import fit_mixture

    grid = np.unique(np.concatenate([cumulative.edges, one.factor * cumulative.edges + one.offset]))
    counts = np.diff(_share_upto(values, grid), prepend=0.0, append=1.0) * values.size
    first = np.diff(cumulative(grid), prepend=0.0, append=1.0)
    second = np.diff(_mapped(cumulative, one, grid), prepend=0.0, append=1.0)
    return fit_mixture(counts, np.maximum(first, 0.0), np.maximum(second, 0.0), iterations=60)


def _mapped(cumulative: _Cumulative, one: _Map, points: NDArray[np.float64]) -> NDArray[np.float64]:
    back = cumulative((points - one.offset) / one.factor)
    return back if one.factor > 0 else 1.0 - back


def _converted_rows_fit(
    values: NDArray[np.float64], cumulative: _Cumulative, one: _Map, fit: MixtureFit, usual: float
) -> bool:
    """Whether the rows that can only be converted ones are distributed as converted rows are."""
    import numpy as np

    if fit.share > _WHOLE:
        return True
    low, high = np.interp([0.0005, 0.9995], cumulative(cumulative.edges), cumulative.edges)
    outside = values[(values < low) | (values > high)]
    if outside.size < 10:
        # Both distributions overlap: only a good overall fit of a large share can tell.
        return fit.share > 0.25 and fit.gain > 50.0
    points = one.factor * cumulative.edges + one.offset
    points = np.sort(points[(points < low) | (points > high)])
    if points.size < 5:
        return False
    inside = _mapped(cumulative, one, np.array([high])) - _mapped(cumulative, one, np.array([low]))
    mass = max(1.0 - float(inside[0]), 1e-9)
    upto = _mapped(cumulative, one, points)
    expected = np.where(points <= low, upto, upto - float(inside[0])) / mass
    observed = np.searchsorted(np.sort(outside), points, side="right") / outside.size
    agrees = float(np.abs(expected - observed).max()) < max(0.15, 1.3 * usual) + 1.0 / outside.size**0.5
    # The overall share must agree with the rows outside, which only converted rows reach.
    return agrees and 0.5 < outside.size / max(values.size * fit.share * mass, 1.0) < 2.0


def _rescaled(values: NDArray[np.float64], reference: NumericProfile) -> list[_Map]:
    """Return the map onto 0…1 or onto mean 0 and standard deviation 1, where the values look like one of them."""
    import numpy as np

    if reference.minimum is None or reference.maximum is None or not reference.sd > 0:
        return []
    maps = []
    low, high = float(values[0]), float(values[-1])
    before = reference.maximum - reference.minimum
    if low >= -0.01 and high <= 1.01 and high - low > 0.3 and before > 5.0:
        factor = float(np.std(values)) / reference.sd
        maps.append(_Map(factor, float(np.mean(values)) - factor * reference.mean, "rescaled to 0…1"))
    mean, sd = float(np.mean(values)), float(np.std(values))
    if abs(mean) < 0.3 and 0.7 < sd < 1.4 and (abs(reference.mean) > 3.0 or not 0.3 < reference.sd < 3.0):
        maps.append(_Map(1.0 / reference.sd, -reference.mean / reference.sd, "standardised"))
    return maps


def _share_upto(values: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    slack = 1e-9 * np.abs(points)
    found: NDArray[np.float64] = np.searchsorted(values, points + slack, side="right") / max(values.size, 1)
    return found
