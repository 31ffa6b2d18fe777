"""Two models' scores of the same rows, brought to one list of classes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.errors import ModelError
from airmedic_core.metrics import Array
from airmedic_core.scoring import ScoredBatch, class_name, positive_class

if TYPE_CHECKING:
    from airmedic_core.spec import ModelSpec


def side_by_side(spec: ModelSpec, champion: ScoredBatch, challenger: ScoredBatch) -> tuple[ScoredBatch, ScoredBatch]:
    """Return two scored batches with the same labels, and of a multiclass model with the same columns of scores.

    A class that one of two multiclass models does not know has the probability 0 with it, so that a model gains nothing
    by not knowing a class. The order in which the models keep their classes does not matter.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    champion, challenger : ScoredBatch
        Scores of the same rows, in the same order.

    Raises
    ------
    ModelError
        If the rows are not the same, or the two scores are of different classes.
    """
    if len(champion.labels) != len(challenger.labels):
        raise ModelError(
            f"The champion scored {len(champion.labels):,} rows and the challenger {len(challenger.labels):,}.",
            "Score the same rows with both.",
        )
    if champion.scores.ndim == challenger.scores.ndim == 2 and not (champion.classes and challenger.classes):
        if champion.scores.shape != challenger.scores.shape:
            old_width, new_width = champion.scores.shape[1], challenger.scores.shape[1]
            raise ModelError(
                f"The champion scores {old_width} classes and the challenger {new_width}.",
                "Name the classes in the spec: prediction.classes.",
            )
    elif spec.task == "multiclass":
        champion, challenger = _with_the_classes_of_both(champion, challenger)
    elif spec.task == "binary" and champion.classes and challenger.classes:
        _require_one_positive_class(spec, champion, challenger)
    old, new = champion.labels, challenger.labels
    differ = int((np.isfinite(old) & np.isfinite(new) & (old != new)).sum())
    if differ:
        raise ModelError(
            f"{differ:,} labels of the champion's rows are not those of the challenger's.",
            "Score the same rows with both, in the same order.",
        )
    return champion, challenger


def _require_one_positive_class(spec: ModelSpec, champion: ScoredBatch, challenger: ScoredBatch) -> None:
    old, new = (class_name(positive_class(spec, scored.classes)) for scored in (champion, challenger))
    if old != new:
        raise ModelError(
            f"The champion scores how likely {old!r} is, and the challenger how likely {new!r} is.",
            "Name the positive class in the spec: positive.",
        )


def _with_the_classes_of_both(champion: ScoredBatch, challenger: ScoredBatch) -> tuple[ScoredBatch, ScoredBatch]:
    names: dict[str, Any] = {class_name(name): name for name in (*champion.classes, *challenger.classes)}
    place = {name: at for at, name in enumerate(names)}
    both = []
    for scored in (champion, challenger):
        places = np.asarray([place[class_name(name)] for name in scored.classes], dtype=np.int64)
        scores = np.zeros((len(scored.scores), len(names)))
        scores[:, places] = scored.scores
        both.append(replace(scored, scores=scores, labels=_moved(scored.labels, places), classes=tuple(names.values())))
    # The label of a class that one model does not know is only known to the other.
    shared = np.where(np.isfinite(both[0].labels), both[0].labels, both[1].labels)
    return (
        replace(both[0], labels=np.where(np.isfinite(both[0].labels), both[0].labels, shared)),
        replace(both[1], labels=np.where(np.isfinite(both[1].labels), both[1].labels, shared)),
    )


def _moved(labels: Array, places: NDArray[np.int64]) -> Array:
    """Return labels, which are positions in a model's own list of classes, as positions in the list of both."""
    moved = np.full(len(labels), np.nan)
    known = np.isfinite(labels)
    moved[known] = places[labels[known].astype(np.int64)]
    return moved
