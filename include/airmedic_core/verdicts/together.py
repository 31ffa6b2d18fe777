"""Two p-values of the same rows as one."""

from __future__ import annotations

import math


def together_by_chance(first: float, second: float) -> float:
    """Return a p-value of two together that holds however they depend on each other.

    Errors that grow and errors that lean are two looks at the same rows. The geometric mean of p-values, times e, is a
    p-value again (Vovk and Wang 2020, Combining p-values via averaging, Biometrika 107:791–808).

    Examples
    --------
    >>> round(together_by_chance(0.07, 0.07), 2), round(together_by_chance(0.05, 0.01), 2)
    (0.19, 0.06)
    """
    return min(math.e * math.sqrt(first * second), 1.0)
