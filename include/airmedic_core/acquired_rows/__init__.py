"""Acquired rows: made to resemble inputs that moved, for training only, marked, and with labels of the true relation.

They help where the inputs have moved to a place that few labelled rows are of, while the relation between inputs and
target still holds. Where the relation has changed, labels of the old one would teach what is wrong: nothing is acquired
then. Nothing here decides whether the rows are used: that is up to a comparison on real rows.
"""

from airmedic_core.acquired_rows.acquire import AcquiredRows, acquire, require_same_relation
from airmedic_core.acquired_rows.interpolate import MARK
from airmedic_core.acquired_rows.store import (
    ACQUIRED,
    forget,
    forget_old,
    joined,
    store_rows,
    stored_files,
    stored_name,
    stored_rows,
)

__all__ = [
    "ACQUIRED",
    "MARK",
    "AcquiredRows",
    "acquire",
    "forget",
    "forget_old",
    "joined",
    "require_same_relation",
    "store_rows",
    "stored_files",
    "stored_name",
    "stored_rows",
]
