"""The use cases of monitoring: which batch, what is found in it, what that means."""

from airmedic_core.monitor.announcements import Announced, announced
from airmedic_core.monitor.batches import assess, check_batch, is_recorded, publish_report, resolve_batch

__all__ = [
    "Announced",
    "announced",
    "assess",
    "check_batch",
    "is_recorded",
    "publish_report",
    "resolve_batch",
]
