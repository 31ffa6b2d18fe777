"""Says what a model answers, and what that means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Means(StrEnum):
    """Lists what a prediction means."""

    SCORE = "score"
    """The probability of the positive class."""
    LABEL = "label"
    """The predicted class."""
    CLASSES = "classes"
    """The probability of each class, a column for each."""
    NUMBER = "number"
    """The predicted value."""


@dataclass(frozen=True)
class Answer:
    """Holds what a model said of rows, as it was said."""

    values: NDArray[Any]
    """Shape (n,), or (n, k) with one column for each class or output."""
    means: Means | None = None
    """Says what it means, where the library says so."""
    classes: tuple[Any, ...] = ()
    """The classes as the model names them, in the order of the columns; empty where the library does not know."""
    columns: tuple[str, ...] = ()
    """The names of several outputs."""


@dataclass(frozen=True)
class Meaning:
    """Says what the answers of a version mean, where its library does not say: inferred once, kept with the version."""

    means: Means
    classes: tuple[Any, ...] = ()
    """The classes in the order of the columns; negative then positive for a score."""
    output: str = ""
    """Which of several outputs it is about."""
    own: tuple[Any, ...] = ()
    """The classes of a label as the model calls them, where the spec gives them other names."""
