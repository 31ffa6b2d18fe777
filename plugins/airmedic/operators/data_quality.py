"""Checks the data of a batch itself."""

from __future__ import annotations

from airmedic.operators.check import CheckOperator


class DataQualityOperator(CheckOperator):
    """Looks at volume, freshness, schema, units, corruption and the team's expectation suite.

    See :class:`~airmedic.operators.check.CheckOperator` for parameters and result.
    """

    group = "data"
