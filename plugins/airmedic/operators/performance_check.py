"""Checks how well the model did on the labels that have arrived."""

from __future__ import annotations

from airmedic.operators.check import CheckOperator


class PerformanceCheckOperator(CheckOperator):
    """Compares loss, segments and latency with the champion's own baseline.

    See :class:`~airmedic.operators.check.CheckOperator` for parameters and result.
    """

    group = "performance"
