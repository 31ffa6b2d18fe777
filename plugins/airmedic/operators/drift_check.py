"""Checks whether inputs and scores of a batch have moved."""

from __future__ import annotations

from airmedic.operators.check import CheckOperator


class DriftCheckOperator(CheckOperator):
    """Compares columns, scores and outliers of a batch with the champion's reference.

    See :class:`~airmedic.operators.check.CheckOperator` for parameters and result.
    """

    group = "drift"
