"""Says how a version does once it answers real rows: watched alone in service, or beside the one that served before."""

from airmedic_core.watch.health import Health
from airmedic_core.watch.in_service import problems_on_newest, since, watched
from airmedic_core.watch.side_by_side import SideBySide, compare_in_service

__all__ = ["Health", "SideBySide", "compare_in_service", "problems_on_newest", "since", "watched"]
