"""Keeps the rows of a window out of training."""

from __future__ import annotations

from airmedic.operators.action import ActionOperator


class QuarantineOperator(ActionOperator):
    """Quarantines a batch: its rows are never trained on, and never become a reference.

    See :class:`~airmedic.operators.action.ActionOperator` for parameters and result.
    """

    path = "quarantine"
