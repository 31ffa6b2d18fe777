"""Carries out an approved change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic.operators.action import ActionOperator

if TYPE_CHECKING:
    from airmedic_core.actions import Path


class ApplyChangeOperator(ActionOperator):
    """Carries out whatever needs no path of its own, such as a refreshed reference, a new setting or a team's action.

    An action whose own path has no approval in front comes here as well where people were asked about it, as they are
    about a quarantine for a cause that is not verified.
    See :class:`~airmedic.operators.action.ActionOperator` for parameters and result.
    """

    path = "change"

    def carries_out(self, path: Path) -> bool:
        """Return whether a path is this operator's, or one without an approval in front."""
        return path == self.path or not path.asks
