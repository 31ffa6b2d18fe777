"""Drift: inputs that have moved further than windows usually do."""

from airmedic_core.checks.drift.drift import Drift
from airmedic_core.checks.drift.options import Options

__all__ = ["Drift", "Options"]
