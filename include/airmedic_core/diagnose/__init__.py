"""Diagnosis: collect the evidence, name the cause, say what to do, and let code check every sentence."""

from airmedic_core.diagnose.diagnosis import diagnose
from airmedic_core.diagnose.evidence import collect_evidence

__all__ = ["collect_evidence", "diagnose"]
