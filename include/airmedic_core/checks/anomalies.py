"""Anomalies: the share of rows that are unlike any of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, final

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions, Threshold
from airmedic_core.numbers import percent
from airmedic_core.reading.moments import in_utc
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from airmedic_core.comparison import CheckContext


class Options(CheckOptions):
    """Says when there are too many anomalous rows."""

    limit_fraction: float = Field(default=0.1, gt=0, le=1)
    """Share of anomalous rows that is an alert. One row in ten: a convention."""
    rare_fraction: float = Field(default=0.005, gt=0, lt=0.5)
    """A row is anomalous if it is extreme in so many columns at once as at most this share of the reference is. One in
    200: a convention that leaves the limit of a tenth far above what is usual."""


@dataclass(frozen=True)
class Limits:
    """Limits that no team needs to set. *Tuned* means chosen on ``benchmarks/incidents/run.py --split tune``."""

    rows: int = 20
    """Rows of a window below which no share of them is measured: 10 % of fewer are one row."""
    columns: int = 3
    """Columns of numbers below which no row can be extreme in several of them."""
    reference_rows: int = 100
    """Rows of the reference below which its own extremes are not counted: 0.5 % of fewer are no row at all."""
    columns_at_once: int = 3
    """Columns in which a row must be extreme where the reference's rows are not at hand. Tuned."""
    anomalous_rows: int = 5
    """Fewer strange rows are a few rows, however small the window. Tuned."""
    beyond_history: float = 1.5
    """Says how many times the largest share of any earlier window the share must be. Tuned."""
    window_rows: int = 10
    """Rows of an earlier window below which its share is not counted: one row would be more than 10 %."""
    most_strange: float = 0.5
    """Share of strange rows above which the others are the exception, and no spike has made them strange."""
    moved_ranks: float = 0.075
    """Median move of the other rows' ranks, of 0.5 at the most. Beside twelve labelled spikes they had moved by 0.05 or
    less; in other seasons and regimes of real data, by 0.085 or more."""
    rank_noise: float = 0.43
    """One and a half standard deviations of the rank of one row, 0.289: what few rows move by chance."""
    cuts: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9)
    """Parts of the reference that are taken for the past, each with the stretch that follows it. Bounds the time."""
    most_cuts: float = 0.5
    """Part of these stretches of which more must have been as new as the window: a season goes on."""
    noise: float = 3.0
    """Standard deviations of a share of independent rows that are still chance: 1 window in 740."""


LIMITS = Limits()


class _Usual(NamedTuple):
    """Which rows count as anomalous, and how many of them there usually are."""

    columns_at_once: int
    share: float
    largest_share: float
    """The largest share of any window of the reference."""


@final
class Anomalies(Check[Options]):
    """The share of rows that are unlike any of the reference.

    A row is unlike them if it is extreme in more columns at once than all but a few rows of the reference. Columns that
    move together count once.

    Examples
    --------
    Rows are counted in columns of numbers, of which there must be three.

    >>> from airmedic_core.simulate.example import example_context
    >>> def strange(day):
    ...     third = [place % 3 == 0 for place in range(len(day))]
    ...     return day.assign(amount=day["amount"].mask(third, day["amount"] * 9e3),
    ...                       income=day["income"].mask(third, day["income"] / 9e3))
    >>> numbers = {"numeric": ["amount", "income", "latency"]}
    >>> (finding,) = Anomalies().run(example_context(strange, features=numbers), Options())
    >>> print(f"{finding.verdict}: {finding.message}")
    alert: 33.5 % of the rows are extreme in 2 or more columns at once; usual are 0.1 %.
    """

    group = "drift"
    options = Options
    thresholds = (Threshold("anomalies", "limit_fraction", "value", 1.5),)

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Count the rows that are extreme in several columns at once."""
        import numpy as np

        rows = context.rows_seen
        if rows < LIMITS.rows or len(context.profile.edges.numeric) < LIMITS.columns:
            return []
        extremes, usual = _extremes(context, options)
        strange = extremes >= usual.columns_at_once
        share = float(np.mean(strange))
        noise = LIMITS.noise * float(np.sqrt(max(usual.share, 1.0 / rows) / rows))
        certain = int(strange.sum()) >= LIMITS.anomalous_rows and share > max(
            usual.share + noise, LIMITS.beyond_history * usual.largest_share
        )
        many = share > options.limit_fraction and certain
        regime = _regime(context, strange, usual, share) if many else ""
        alert = many and not regime
        text = (
            f"{percent(share, 1)} of the rows are extreme in {usual.columns_at_once} or more columns at once; usual "
            f"are {percent(usual.share, 1)}."
        )
        if regime:
            text += f" {regime}, so this is another regime and no spike."
        return [
            Finding(
                "anomalies", "batch", "anomalous_fraction", Verdict.ALERT if alert else Verdict.OK, value=share,
                baseline=usual.share, limit=options.limit_fraction, effect=share - usual.share, sample_size=rows,
                unit="fraction", message=text, suggests=(Cause.ANOMALY_SPIKE,) if alert else (), role=Role.INPUT_MOVED,
            )
        ]  # fmt: skip


def _extremes(context: CheckContext, options: Options) -> tuple[NDArray[np.intp], _Usual]:
    """Return in how many columns each row is extreme, and what is usual."""
    import numpy as np

    from airmedic_core.measures.outliers import extreme_columns, moving_together

    whole, reference = context.reference.whole, context.reference_rows
    if reference is None or len(reference) < LIMITS.reference_rows:
        # Without rows, as if columns were extreme independently of each other.
        usual = _Usual(LIMITS.columns_at_once, options.rare_fraction, 0.0)
        return extreme_columns(whole, context.frame, measured=True), usual
    together = moving_together(whole, reference)
    before = extreme_columns(whole, reference, together)
    columns_at_once = next(
        columns
        for columns in range(2, len(context.profile.edges.numeric) + 2)
        if float(np.mean(before >= columns)) <= options.rare_fraction
    )
    strange = before >= columns_at_once
    usual = _Usual(columns_at_once, float(np.mean(strange)), _largest_share(context, reference, strange))
    return extreme_columns(whole, context.frame, together, measured=True), usual


def _regime(context: CheckContext, strange: NDArray[np.bool_], usual: _Usual, share: float) -> str:
    """Return why the strange rows are no spike; empty where they are one."""
    if _another_regime(context, strange):
        return "The other rows have moved too"
    if _goes_on(context, usual, share, len(strange)):
        return "Rows of the reference were as new to those before them"
    return ""


def _another_regime(context: CheckContext, strange: NDArray[np.bool_]) -> bool:
    """Return whether the rows that are not extreme lie elsewhere too, as in another season or after a change for all.

    A spike is some strange rows among others that are as ever.
    """
    from airmedic_core.measures.outliers import ranks_moved

    if float(strange.mean()) > LIMITS.most_strange:
        return True
    reference = context.reference_rows
    if reference is None:
        return False
    chance = LIMITS.rank_noise / max(int((~strange).sum()), 1) ** 0.5
    moved = ranks_moved(context.reference.whole, context.frame[~strange], reference)
    return bool(moved > LIMITS.moved_ranks + chance)


def _goes_on(context: CheckContext, usual: _Usual, share: float, rows: int) -> bool:
    """Return whether most stretches of the reference were about as new to the rows before them, as in any season.

    One launch of a product was new to the rows before it too, and allows nothing of what comes long after.

    All rows of the reference take part in what is plausible, so that none of its own windows is strange beside them.
    What comes next is held against the past alone, and so are these.
    """
    import numpy as np

    from airmedic_core.measures.outliers import extreme_columns, moving_together
    from airmedic_core.profile import build_profile

    reference = context.reference_rows
    if reference is None or len(reference) < LIMITS.reference_rows:
        return False
    together = moving_together(context.reference.whole, reference)
    known = len(reference)
    # Of a large reference the rows at hand are a sample, evenly spread.
    length = max(round(rows * known / max(context.reference.whole.rows, 1)), LIMITS.window_rows)
    as_new = []
    for place in LIMITS.cuts:
        cut = round(place * known)
        earlier, later = reference.iloc[:cut], reference.iloc[cut : cut + length]
        if len(earlier) < LIMITS.reference_rows or len(later) < LIMITS.window_rows:
            continue
        before = build_profile(context.reference.edges, earlier)
        strange = extreme_columns(before, later, together) >= usual.columns_at_once
        as_new.append(share <= LIMITS.beyond_history * float(np.mean(strange)))
    return bool(as_new) and float(np.mean(as_new)) > LIMITS.most_cuts


def _largest_share(context: CheckContext, reference: pd.DataFrame, strange: NDArray[np.bool_]) -> float:
    """Return the largest share of anomalous rows in any window of the reference.

    The rows of a window may depend on each other: all hours of a stormy day are strange together.
    """
    import numpy as np
    import pandas as pd

    time = reference.get(context.spec.data.time_column)
    starts = [known.window.start for known in context.reference.windows]
    if time is None or not starts:
        return 0.0
    moments = in_utc(time)
    window = pd.DatetimeIndex(starts).searchsorted(pd.DatetimeIndex(moments), side="right")
    rows, strange_rows = np.bincount(window), np.bincount(window, weights=strange)
    enough = rows >= LIMITS.window_rows
    return float((strange_rows[enough] / rows[enough]).max(initial=0.0))
