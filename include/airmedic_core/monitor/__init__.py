"""The use cases of monitoring: which batch, what is found in it, what that means."""

from airmedic_core.monitor.batches import assess, check_batch, publish_report, resolve_batch
from airmedic_core.monitor.pair import PairCheck, check_pair

__all__ = ["PairCheck", "assess", "check_batch", "check_pair", "publish_report", "resolve_batch"]
