"""Carries out an approved change."""

from __future__ import annotations

from airmedic.operators.action import ActionOperator


class ApplyChangeOperator(ActionOperator):
    """Applies a change such as a refreshed reference, a new setting or a quarantine that people were asked about.

    See :class:`~airmedic.operators.action.ActionOperator` for parameters and result.
    """

    actions = frozenset({"refresh_reference", "change_setting", "quarantine", "hold", "escalate"})
