"""Says how far a column has moved: the most conspicuous of its statistics, and how rare that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.checks.drift.options import Options

if TYPE_CHECKING:
    from airmedic_core.measures.compared_columns import Compared

_CERTAIN = 1e-8
"""Statistics with smaller p-values are equally certain: the larger move describes the column."""
_DEPENDENT = 5.0
"""Windows that vary so many times more than independent rows would, rest on rows that depend on each other."""
_MOSTLY = 0.5
"""Weight of the season's level from which a finding says what the window is compared with."""
_BEYOND_HISTORY = 2.0
"""Sets how many times as far out as any healthy window a window must lie, where rows depend on each other, for its
p-value to be believed.
"""


@dataclass(frozen=True)
class Move:
    """The most conspicuous statistic of a column."""

    part: str = ""
    p_value: float = float("nan")
    """Corrected for the choice of the statistic."""
    lasting_p_value: float = float("nan")
    effect: float = 0.0
    effect_before: float = 0.0
    """The effect in the window before, where both are conspicuous together."""
    z: float = 0.0
    value: float | None = None
    baseline: float | None = None
    spread: float = 0.0
    like: str = ""
    """The earlier windows that this one is compared with, where history has a season: ``8 earlier Sundays``."""
    season: float = 0.0
    """Says what the season adds, as an effect."""


def strongest(part: Compared, name: str, windows: int, options: Options) -> Move:
    """Return what moved most of a column.

    Parameters
    ----------
    part : Compared
        The statistics of the window, compared with history.
    name : str
        The column.
    windows : int
        Of history.
    options : Options
        Which moves are of interest.
    """
    statistics, result = part.statistics, part.result
    entries = [at for at, column in enumerate(statistics.columns) if column == name and np.isfinite(result.p_value[at])]
    if not entries:
        return Move()
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
    return Move(
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
