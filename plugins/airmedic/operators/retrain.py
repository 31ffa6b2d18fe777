"""Trains a challenger."""

from __future__ import annotations

from airmedic.operators.action import ActionOperator


class RetrainOperator(ActionOperator):
    """Trains a challenger on the labelled rows of the proposal's window. Production keeps serving the champion.

    See :class:`~airmedic.operators.action.ActionOperator` for parameters and result.
    """

    path = "retrain"
