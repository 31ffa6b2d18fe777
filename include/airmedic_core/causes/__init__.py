"""Causes: what may be wrong with a batch or a model, in one closed list."""

from airmedic_core.causes.cause import Cause
from airmedic_core.causes.severity import Severity
from airmedic_core.causes.traits import CauseKind, CauseTraits, Needs, Remedy

__all__ = ["Cause", "CauseKind", "CauseTraits", "Needs", "Remedy", "Severity"]
