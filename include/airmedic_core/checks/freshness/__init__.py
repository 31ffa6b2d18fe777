"""Freshness: whether this is the new window, or an older one delivered again."""

from airmedic_core.checks.freshness.freshness import Freshness
from airmedic_core.checks.freshness.options import Options

__all__ = ["Freshness", "Options"]
