"""Collectors of evidence. One file is one collector; a file that is added here is asked at the next incident."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Protocol

from airmedic_core.diagnose.case import Case
from airmedic_core.family import Family
from airmedic_core.records import Evidence

__all__ = ["COLLECTORS", "Collector"]


class Collector(Protocol):
    """Yields evidence of one kind."""

    order: int
    """Places its evidence in the packet: smaller ones come first."""

    @abstractmethod
    def collect(self, case: Case) -> Iterator[Evidence]:
        """Yield evidence without ids. What could not be collected goes into ``case.gaps``."""


COLLECTORS: Family[Collector] = Family(
    "airmedic_core.diagnose.collectors", Collector, entry_points="airmedic.collectors"
)
