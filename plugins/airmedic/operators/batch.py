"""The base of the operators that look at one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airmedic.operators.model import ModelOperator


class BatchOperator(ModelOperator):
    """Base of the operators of a monitoring run.

    Parameters
    ----------
    model : str
        Name of the model spec.
    batch : dict
        The batch, as ``ResolveBatchOperator`` returns it.
    """

    template_fields: Sequence[str] = ("model", "batch")

    def __init__(self, *, batch: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch
