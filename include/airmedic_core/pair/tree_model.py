"""A model of many rows: boosted trees on coded inputs, and what their answers mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from airmedic_core.fitted import Answer, Means
from airmedic_core.inputs import Inputs
from airmedic_core.metrics import Array
from airmedic_core.pair.boosted_trees import BoostedTrees
from airmedic_core.pair.coded_inputs import CodedInputs

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec


@dataclass(frozen=True)
class TreeModel:
    """Trees for one comparison. They are neither kept nor served."""

    coded: CodedInputs
    trees: BoostedTrees
    classes: tuple[Any, ...]
    """None for a regression."""

    @classmethod
    def fitted(cls, spec: ModelSpec, inputs: Inputs, prepared: pd.DataFrame, labels: pd.Series) -> Self:
        """Return a model that is fitted to rows.

        Parameters
        ----------
        spec : ModelSpec
            The model; its task decides between classes and values.
        inputs : Inputs
            Its feature columns.
        prepared : pandas.DataFrame
            The rows, as the inputs prepare them.
        labels : pandas.Series
            Their labels, of which none is missing: numbers for a regression, else classes of one type.
        """
        classes: tuple[Any, ...] = ()
        if spec.task == "regression":
            truth: Array = labels.to_numpy(dtype=np.float64)[None]
        else:
            names, places = np.unique(labels.to_numpy(), return_inverse=True)
            # Of two classes, the second is enough.
            outputs = range(1 if len(names) == 2 else 0, len(names))
            truth = np.array([places == output for output in outputs], dtype=np.float64)
            classes = tuple(names.tolist())
        coded = CodedInputs.cut(inputs, prepared, truth)
        return cls(coded, BoostedTrees.fitted(coded.codes(prepared), truth, probabilities=bool(classes)), classes)

    def answer(self, prepared: pd.DataFrame) -> Answer:
        """Return what it says of prepared rows."""
        said = self.trees.predict(self.coded.codes(prepared))
        if not self.classes:
            return Answer(said[0], Means.NUMBER)
        columns = np.stack([1 - said[0], said[0]]) if len(said) == 1 else said
        return Answer(columns.T, Means.CLASSES, self.classes)
