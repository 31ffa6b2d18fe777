"""The base of the operators: each works on one monitored model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator


class ModelOperator(BaseOperator):
    """Base of the operators.

    Parameters
    ----------
    model : str
        Name of the model spec, without ``.yaml``.
    """

    template_fields: Sequence[str] = ("model",)
    ui_color = "#eef4ff"

    def __init__(self, *, model: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
