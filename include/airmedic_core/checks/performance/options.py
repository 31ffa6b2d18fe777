"""Says when performance counts as lost."""

from __future__ import annotations

from pydantic import Field

from airmedic_core.checks import CheckOptions
from airmedic_core.records import Cause

SUGGESTS = (Cause.CONCEPT_DRIFT, Cause.HARMFUL_COVARIATE_SHIFT, Cause.LABEL_SHIFT)
"""Says what a loss may come from, whatever shows it; the check `concept` says which."""


class Options(CheckOptions):
    """Says when performance counts as lost."""

    least_drop: float = Field(default=0.03, ge=0)
    """Smaller losses are of no interest, for metrics between 0 and 1. A convention: three points in a hundred."""
    least_relative_drop: float = Field(default=0.1, ge=0)
    """The same for losses and errors, as a fraction of the baseline. A convention: a tenth."""
    p_value: float = Field(default=0.001, gt=0, lt=1)
    """An alert in the first window. By chance once in 1,000 windows, so that a daily model errs once in three years."""
    watch_p_value: float = Field(default=0.02, gt=0, lt=1)
    """Conspicuous; an alert if the window before was, too. By chance once in 50 windows, and twice in a row once in
    2,500."""
    min_rows: int = Field(default=20, ge=2)
    """Fewer labels say nothing. A share of 20 rows is known to within 22 points (95 % interval)."""
