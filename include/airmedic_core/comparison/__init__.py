"""A batch and all it is compared with: its reference, its history, the rows whose labels are known."""

from airmedic_core.comparison.context import NEW_FOR_WINDOWS, CheckContext, LabelledRows, PastWindow
from airmedic_core.comparison.facts import RowFacts, row_facts

__all__ = ["NEW_FOR_WINDOWS", "CheckContext", "LabelledRows", "PastWindow", "RowFacts", "row_facts"]
