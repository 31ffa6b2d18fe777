"""Goes back to an earlier model version."""

from __future__ import annotations

from airmedic.operators.action import ActionOperator


class RollbackOperator(ActionOperator):
    """Switches the alias ``champion`` back, after it was made sure that the target loads and predicts.

    See :class:`~airmedic.operators.action.ActionOperator` for parameters and result.
    """

    path = "rollback"
