"""Performance: on the labels that have arrived, against what the version was accepted with."""

from airmedic_core.checks.performance.performance import Options, Performance

__all__ = ["Options", "Performance"]
