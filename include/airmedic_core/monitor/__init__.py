"""The use cases of monitoring: which batch, what is found in it, what that means."""

from airmedic_core.monitor.batches import assess, check_batch, publish_report, resolve_batch

__all__ = ["assess", "check_batch", "publish_report", "resolve_batch"]
