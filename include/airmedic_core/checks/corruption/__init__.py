"""Corruption: values that a source puts in place of the truth, beyond what is usual for the column."""

from airmedic_core.checks.corruption.corruption import Corruption
from airmedic_core.checks.corruption.options import Options

__all__ = ["Corruption", "Options"]
