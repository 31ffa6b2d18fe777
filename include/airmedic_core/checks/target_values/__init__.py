"""Target values: whether they are still those of the target, before anything is said of the model."""

from airmedic_core.checks.target_values.options import Options
from airmedic_core.checks.target_values.target_values import TargetValues

__all__ = ["Options", "TargetValues"]
