"""Known conversions between units, and the maps that bring a column onto another scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.checks.units.options import LIMITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from airmedic_core.profile import NumericProfile

_FACTORS: tuple[tuple[float, str], ...] = (
    (10.0, "ten"), (100.0, "hundred (percent, cents, cm)"), (1000.0, "thousand (milli, kilo)"),
    (1024.0, "1024 (binary)"),
    (1e4, "ten thousand (percent in parts per million)"), (1e5, "hundred thousand (bar in Pa)"),
    (1e6, "million"), (60.0, "sixty (minutes, seconds)"), (3600.0, "3600 (hours in seconds)"),
    (24.0, "24 (days in hours)"),
    (7.0, "seven (weeks in days)"), (12.0, "twelve (years in months)"), (365.25, "365.25 (years in days)"),
    (30.4375, "30.44 (months in days)"), (86400.0, "86,400 (days in seconds)"), (3.6, "3.6 (m/s in km/h)"),
    (2.2369363, "2.237 (m/s in mph)"), (1.852, "1.852 (knots in km/h)"), (1.609344, "1.609 (miles in km)"),
    (3.2808399, "3.281 (metres in feet)"), (2.54, "2.54 (inches in cm)"), (2.2046226, "2.205 (kg in pounds)"),
    (28.349523, "28.35 (ounces in grams)"), (3.7854118, "3.785 (gallons in litres)"), (10.76391, "10.76 (m² in ft²)"),
    (4.184, "4.184 (kcal in kJ)"), (14.503774, "14.5 (bar in psi)"), (6.894757, "6.895 (psi in kPa)"),
    (7.5006168, "7.501 (kPa in mmHg)"), (33.863886, "33.86 (inHg in hPa)"), (18.0156, "18.02 (mmol/l in mg/dl)"),
)  # fmt: skip
_SHIFTED: tuple[tuple[float, float, str], ...] = (
    (1.8, 32.0, "°C in °F"), (1 / 1.8, -32.0 / 1.8, "°F in °C"), (1.0, 273.15, "°C in K"), (1.0, -273.15, "K in °C"),
    (1.8, -459.67, "K in °F"), (1 / 1.8, 459.67 / 1.8, "°F in K"), (-1.0, 0.0, "sign turned"),
)  # fmt: skip


@dataclass(frozen=True)
class Map:
    """Holds what was done to the values: ``factor · x + offset``.

    >>> import numpy as np
    >>> fahrenheit = Map(1.8, 32.0, "°C in °F")
    >>> float(fahrenheit.back(np.array([212.0]))[0])
    100.0
    """

    factor: float
    offset: float
    name: str

    @property
    def is_round(self) -> bool:
        """Say whether the factor is a power of ten or of sixty."""
        powers = [math.log(abs(self.factor), base) for base in (10.0, 60.0)]
        return any(abs(power - round(power)) < 1e-9 for power in powers)

    def back(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values as they were before."""
        return (values - self.offset) / self.factor


def known_maps() -> list[Map]:
    """Return every conversion that is looked for, in both directions."""
    maps = [Map(factor, 0.0, f"times {name}") for factor, name in _FACTORS]
    maps += [Map(1.0 / factor, 0.0, f"divided by {name}") for factor, name in _FACTORS]
    return maps + [Map(*shifted) for shifted in _SHIFTED]


def rescaled_maps(values: NDArray[np.float64], reference: NumericProfile) -> list[Map]:
    """Return the map onto 0…1 or onto mean 0 and standard deviation 1, where the values look like one of them.

    Parameters
    ----------
    values : array, shape (rows,)
        The values of the window, ascending.
    reference : NumericProfile
        The column as it usually is. One that is near that scale already was not brought onto it.

    Examples
    --------
    >>> import numpy as np
    >>> from airmedic_core.simulate.example import example_context
    >>> amount = example_context().reference.whole.columns["amount"]
    >>> [conversion.name for conversion in rescaled_maps(np.linspace(0.0, 1.0, 50), amount)]
    ['rescaled to 0…1']
    """
    import numpy as np

    if reference.minimum is None or reference.maximum is None or not reference.sd > 0:
        return []
    maps = []
    low, high = float(values[0]), float(values[-1])
    within_unit = low >= -LIMITS.unit_slack and high <= 1.0 + LIMITS.unit_slack and high - low > LIMITS.unit_width
    mean, sd = float(np.mean(values)), float(np.std(values))
    if within_unit and reference.maximum - reference.minimum > LIMITS.wide:
        factor = sd / reference.sd
        maps.append(Map(factor, mean - factor * reference.mean, "rescaled to 0…1"))
    least_sd, most_sd = LIMITS.standard_sd
    standard = abs(mean) < LIMITS.standard_mean and least_sd < sd < most_sd
    least_usual, most_usual = LIMITS.near_standard_sd
    if standard and (abs(reference.mean) > LIMITS.near_standard_mean or not least_usual < reference.sd < most_usual):
        maps.append(Map(1.0 / reference.sd, -reference.mean / reference.sd, "standardised"))
    return maps
