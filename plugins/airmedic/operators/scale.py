"""Adds capacity by a hook."""

from __future__ import annotations

from airmedic.operators.action import ActionOperator


class ScaleOperator(ActionOperator):
    """Tells the hook that the spec names as ``scale.url`` how many replicas there are to be, and asks it afterwards.

    Where the hook does not answer, the task fails and is retried; where it answers something else, the number before is
    put back. See :class:`~airmedic.operators.action.ActionOperator` for parameters and result.
    """

    path = "scale"
