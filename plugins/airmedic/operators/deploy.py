"""Brings a challenger into service."""

from __future__ import annotations

from airmedic.operators.action import ActionOperator


class DeployOperator(ActionOperator):
    """Switches the alias ``champion`` to the challenger that has passed the gate.

    See :class:`~airmedic.operators.action.ActionOperator` for parameters and result.
    """

    path = "deploy"
