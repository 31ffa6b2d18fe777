"""Holds what a review may change. One file is one kind of setting: which changes are in question, and their effect."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from airmedic_core.family import Family
from airmedic_core.review.option import InQuestion
from airmedic_core.review.replay import ReviewedWindow

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

__all__ = ["CHANGES", "Change"]


class Change(Protocol):
    """One kind of setting that reviews may change."""

    order: int
    """Smaller ones are looked at first."""

    @abstractmethod
    def in_question(self, ws: Workspace, windows: Sequence[ReviewedWindow]) -> list[InQuestion]:
        """Return a question for each setting that the history of a model puts in doubt."""


CHANGES: Family[Change] = Family("airmedic_core.review.changes", Change, entry_points="airmedic.changes")
