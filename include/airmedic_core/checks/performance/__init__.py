"""Performance: on the labels that have arrived, against what the version was accepted with."""

from airmedic_core.checks.performance.options import Options
from airmedic_core.checks.performance.performance import Performance

__all__ = ["Options", "Performance"]
