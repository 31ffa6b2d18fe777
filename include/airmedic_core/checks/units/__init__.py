"""Units: columns, or a share of their rows, that are now measured in another unit."""

from airmedic_core.checks.units.options import Options
from airmedic_core.checks.units.units import Units

__all__ = ["Options", "Units"]
