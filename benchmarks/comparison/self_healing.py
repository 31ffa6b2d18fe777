"""The recipe of a self-healing demo: retrain on synthetic rows that the old model has labelled, judged on such rows.

Its number goes up whatever the world does: the new model is asked whether it agrees with the old one. Beside it stand
the metric on the real rows that follow, and the answer of the gate, which looks at real labelled rows only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from airmedic_core.metrics import metric
from airmedic_core.scoring import score
from airmedic_core.training.gate import evaluate_gate
from comparison.judging import Truth
from comparison.world import World, weeks_of

WOBBLE = 0.05
"""Noise on each number of a synthetic row, in its standard deviations, as such recipes have it."""
COPIES = 3
"""Synthetic rows for each real one."""
TESTED = 0.2
"""Share of the synthetic rows on which the recipe judges itself."""


@dataclass(frozen=True)
class Demonstration:
    """Holds what the recipe says of itself, and what it is worth."""

    incident: str
    metric: str
    rows: int
    """Synthetic rows that it trained on."""
    before_by_itself: float
    """The metric of the old model on the real rows of the incident: what the demo shows as broken."""
    after_by_itself: float
    """The metric of the new model on the recipe's own synthetic rows: what the demo shows as healed."""
    before: float
    """The metric of the old model on the real rows that follow."""
    after: float
    """The metric of the new model on them."""
    gate: str
    reasons: str


def demonstrate(begins: World, truth: Truth) -> Demonstration:
    """Follow the recipe in an incident, and show its challenger to the gate.

    Parameters
    ----------
    begins : World
        The world in which the incident begins.
    truth : Truth
        The incident.
    """
    world = begins.copy(begins.home.parent / "recipe")
    incident, spec, old = truth.incident, world.ws.spec, world.serving
    rng = np.random.default_rng(0)
    recent = weeks_of(truth.rows, incident.weeks)
    synthetic = _labelled_by(world, old, _synthetic(recent, list(spec.features.numeric or ()), rng))
    tested = rng.random(len(synthetic)) < TESTED
    new = world.put_in_service(synthetic[~tested])
    following = weeks_of(truth.rows, incident.following)
    sign = 1 if metric(spec.metric, spec.task).higher_is_better else -1
    gate = evaluate_gate(world.ws, world.version(new), world.version(old), recent)
    return Demonstration(
        incident.kind, spec.metric, int((~tested).sum()),
        sign * world.measured(old, recent), sign * world.measured(new, synthetic[tested]),
        sign * world.measured(old, following), sign * world.measured(new, following),
        gate.outcome, " ".join(gate.reasons),
    )  # fmt: skip


def _synthetic(rows: pd.DataFrame, numeric: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Return copies of rows with a little noise on their numbers."""
    drawn = rows.iloc[rng.integers(0, len(rows), COPIES * len(rows))].reset_index(drop=True)
    noisy = {
        column: drawn[column].astype(float) + rng.normal(0, WOBBLE * float(rows[column].std()), len(drawn))
        for column in numeric
    }
    return drawn.assign(**noisy).sort_values("time", kind="stable", ignore_index=True)


def _labelled_by(world: World, version: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with what a version says of them as their label."""
    spec = world.ws.spec
    scores = score(world.ws, world.version(version), rows).scores
    labels = scores if spec.task == "regression" else (scores > 0.5).astype(int)
    return rows.assign(**{spec.target: labels})
