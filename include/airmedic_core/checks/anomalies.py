"""Anomalies: the share of rows that are unlike any of the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from airmedic_core.comparison import CheckContext


class Options(CheckOptions):
    """When there are too many anomalous rows."""

    limit_fraction: float = Field(default=0.1, gt=0, le=1)
    """Share of anomalous rows that is an alert."""
    rare_fraction: float = Field(default=0.005, gt=0, lt=0.5)
    """A row is anomalous if it is extreme in so many columns at once as at most this share of the reference is."""


_LEAST_ROWS = 5
"""Fewer strange rows are a few rows, however small the window."""
_BEYOND_HISTORY = 1.5
_LEAST_WINDOW_ROWS = 10


class Anomalies(Check[Options]):
    """The share of rows that are unlike any of the reference."""

    group = "drift"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Count the rows that are extreme in several columns at once."""
        import numpy as np

        from airmedic_core.measures.outliers import extreme_columns, moving_together

        rows = context.rows_seen
        if rows < 20 or len(context.profile.edges.numeric) < 3:
            return []
        whole, reference = context.reference.whole, context.reference_rows
        if reference is not None and len(reference) >= 100:
            together = moving_together(whole, reference)
            count = extreme_columns(whole, context.frame, together)
            usual_counts = extreme_columns(whole, reference, together)
            least = next(
                columns
                for columns in range(2, len(context.profile.edges.numeric) + 2)
                if float(np.mean(usual_counts >= columns)) <= options.rare_fraction
            )
            usual = float(np.mean(usual_counts >= least))
            seen = _widest(context, reference, usual_counts >= least)
        else:
            # Without rows, as if columns were extreme independently of each other.
            count = extreme_columns(whole, context.frame)
            least, usual, seen = 3, options.rare_fraction, 0.0
        share = float(np.mean(count >= least))
        noise = 3.0 * float(np.sqrt(max(usual, 1.0 / rows) / rows))
        enough = int(np.sum(count >= least)) >= _LEAST_ROWS and share > max(usual + noise, _BEYOND_HISTORY * seen)
        verdict = Verdict.ALERT if share > options.limit_fraction and enough else Verdict.OK
        found = f"{percent(share, 1)} of the rows"
        text = f"{found} are extreme in {least} or more columns at once; usual are {percent(usual, 1)}."
        return [
            Finding(
                "anomalies", "batch", "anomalous_fraction", verdict, value=share, baseline=usual,
                limit=options.limit_fraction, effect=share - usual, sample_size=rows, unit="fraction", message=text,
                suggests=(Cause.ANOMALY_SPIKE,) if verdict is Verdict.ALERT else (),
                role=Role.INPUT_MOVED,
            )
        ]  # fmt: skip


def _widest(context: CheckContext, reference: pd.DataFrame, strange: NDArray[np.bool_]) -> float:
    """Return the largest share of anomalous rows in any window of the reference.

    The rows of a window may depend on each other: all hours of a stormy day are strange together.
    """
    import numpy as np
    import pandas as pd

    time = reference.get(context.spec.data.time_column)
    starts = [each.window.start for each in context.reference.windows]
    if time is None or not starts:
        return 0.0
    moments = pd.to_datetime(time, utc=True)
    window = pd.DatetimeIndex(starts).searchsorted(pd.DatetimeIndex(moments), side="right")
    rows, found = np.bincount(window), np.bincount(window, weights=strange)
    enough = rows >= _LEAST_WINDOW_ROWS
    return float((found[enough] / rows[enough]).max(initial=0.0))
