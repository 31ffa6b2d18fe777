"""Says where the rows of a model are, and which columns they have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from airmedic_core.spec.section import Section


class DataSection(Section):
    """Says where the rows of a window are."""

    source: str = "file"
    """``file`` or ``sql``."""
    path: str = ""
    """A file, a glob or a URL; may hold ``{window_start:%Y-%m}``."""
    connection: str = ""
    """SQL only: an Ibis URL, or the id of an Airflow connection."""
    table: str = ""
    """SQL only: the table or view to read."""
    query: str = ""
    """SQL only: a query in place of a table."""
    time_column: str
    """Says when a row happened: decides which window it belongs to."""
    time_format: str = ""
    """Says how times are written where they are not ISO 8601: ``unix``, ``unix_ms``, ``unix_us``, ``unix_ns`` (seconds
    to nanoseconds since 1970) or strptime codes.
    """
    encoding: str = "utf-8"
    """Of csv files."""
    sample_rows: int = Field(default=200_000, ge=1000)
    """A window of more rows is profiled where it is; checks that look at rows then see about so many of them."""
    options: Mapping[str, Any] = Field(default_factory=dict)
    """Says what a source of an installed package wants to know beside the keys above."""

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if self.source == "file" and not self.path:
            raise ValueError("data.path is missing. Say where the file is.")
        if self.source == "sql" and not (self.connection and bool(self.table) != bool(self.query)):
            raise ValueError("source: sql needs data.connection and one of data.table and data.query.")
        return self


class FeaturesSection(Section):
    """The model's inputs. Inferred from the reference where not given."""

    numeric: tuple[str, ...] = ()
    """Columns that are numbers."""
    categorical: tuple[str, ...] = ()
    """Columns that are categories."""


class PredictionSection(Section):
    """Predictions that are logged with the batch, or else what the champion's answers mean, which then scores it."""

    score: str = ""
    """Probability of the positive class, or the predicted value. Of a ``multiclass`` model what the columns with the
    probabilities begin with: ``score`` for ``score_red``, ``score_blue`` and so on. A column that begins so and is
    none of them must be listed, as a feature or under ``exclude``."""
    label: str = ""
    """The predicted class. Where no scores are logged, two sets of rows are compared by it, and in monitoring the
    champion scores the batch."""
    latency_ms: str = ""
    """Column with the time that the prediction took, in milliseconds."""
    version: str = ""
    """The model version that served the row."""
    means: Literal["", "score", "label", "classes", "number"] = ""
    """Says what a registered model's answers mean where neither its library nor their looks say: ``score`` is the
    probability of the positive class, ``label`` the predicted class, ``classes`` one probability for each class,
    ``number`` the predicted value."""
    classes: tuple[str | int | float | bool, ...] = ()
    """The classes in the order of the model's probabilities, or of the numbers that it gives them. Needed where the
    model does not name them as the target does."""
    output: str = ""
    """Which of a model's answers counts, where it gives several with names."""
