"""Scorecards: points for each column, in a JSON file that MLflow keeps. No library knows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from airmedic_core.fitted import Answer, Means
from airmedic_core.flavours.contract import Flavour

if TYPE_CHECKING:
    import pandas as pd

_FILE = "scorecard.json"


@dataclass
class Card:
    """Points for one unit of each column."""

    points: dict[str, float] = field(default_factory=dict)
    start: float = 0.0

    def fit(self, rows: pd.DataFrame, labels: pd.Series[int]) -> Card:
        """Give each column as many points as its mean differs between the classes."""
        positive = np.asarray(labels) == 1
        numbers = rows.select_dtypes("number")
        self.points = (numbers[positive].mean() - numbers[~positive].mean()).to_dict()
        self.start = float(np.log(positive.mean() / (1 - positive.mean())))
        return self


@final
class Scorecard(Flavour):
    """A scorecard gives a probability, and can be filled in again."""

    def load(self, folder: Path) -> Any:
        """Read the card."""
        return Card(**json.loads((folder / _FILE).read_text(encoding="utf-8")))

    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        """Return the probability of each class; a column that says nothing gives no points."""
        total = model.start + sum(rows[name].fillna(0.0) * points for name, points in model.points.items())
        positive = 1 / (1 + np.exp(-np.asarray(total, dtype=np.float64)))
        return Answer(np.column_stack([1 - positive, positive]), Means.CLASSES, (0, 1))

    def holds(self, model: Any) -> bool:
        """Return whether it is a card."""
        return isinstance(model, Card)

    def unfitted(self, model: Any) -> Any:
        """Return an empty card."""
        return Card()

    def log(self, model: Any, how: Mapping[str, Any]) -> Any:
        """Let MLflow keep the card, in a flavour of this name."""
        from mlflow.models import Model

        return Model.log(artifact_path=None, flavor=_Kept, card=model, **how)


class _Kept:
    """What MLflow asks to write a model: it goes by modules, and a class will do."""

    @staticmethod
    def save_model(path: str, mlflow_model: Any, card: Card, signature: Any, pip_requirements: list[str]) -> None:
        """Write the card and what MLflow wants to know of it."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _FILE).write_text(json.dumps(asdict(card)), encoding="utf-8")
        (folder / "requirements.txt").write_text("\n".join(pip_requirements), encoding="utf-8")
        mlflow_model.signature = signature
        mlflow_model.add_flavor("scorecard", data=_FILE)
        mlflow_model.save(str(folder / "MLmodel"))
