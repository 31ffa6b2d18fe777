"""Carries out an approved change."""

from __future__ import annotations

from airmedic.operators.action import ActionOperator

_ELSEWHERE = frozenset({"retrain", "deploy", "rollback", "rerun_pipeline"})
"""Actions after which more has to happen than this operator does: each has its own."""


class ApplyChangeOperator(ActionOperator):
    """Carries out whatever needs no path of its own, such as a refreshed reference, a new setting or a team's action.

    A quarantine or an escalation that people were asked about comes here too: this path has an approval in front.
    See :class:`~airmedic.operators.action.ActionOperator` for parameters and result.
    """

    def carries_out(self, action: str) -> bool:
        """Return whether an action has no operator of its own that must carry it out."""
        return action not in _ELSEWHERE
