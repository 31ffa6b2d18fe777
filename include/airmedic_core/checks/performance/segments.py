"""Says where it hurts: segments that are worse than they were, and the groups of rows that carry a loss."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks.performance.options import SUGGESTS, Options
from airmedic_core.measures.loss_change import WINDOWS_OF_LOSSES
from airmedic_core.metrics import Array
from airmedic_core.numbers import percent
from airmedic_core.profile.values import category_names, numbers
from airmedic_core.records import Finding, Role, Verdict
from airmedic_core.verdicts.moderated import moderated_z
from airmedic_core.verdicts.multiplicity import adjust

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.context import LabelledRows

_LEAST_WINDOW_ROWS = 5
"""Labelled rows of a segment in a window of the reference, below which its mean loss says nothing."""
_LEAST_GROUP_ROWS = 20
"""Rows of a group, then and now, below which its mean loss is too uncertain to be ranked."""
_MOST_GROUPS = 5
"""Groups that are told: more than a person reads."""
_MOST_CATEGORIES = 30
"""Categories of a column that are looked at as groups: the most frequent ones."""
_QUARTERS = (0.25, 0.5, 0.75)
"""Quartiles of the baseline's rows, at which the ranges of numbers are cut."""
_ERRORS = 2.0
"""Standard errors by which a group's loss must have risen to be ranked."""


def segment_losses(context: CheckContext, labelled: LabelledRows, options: Options) -> list[Finding]:
    """Compare the mean loss of each segment of the spec with its own baseline and its spread between windows.

    The p-values pay for the number of segments (Benjamini and Hochberg).

    Parameters
    ----------
    context : CheckContext
        Holds the baseline.
    labelled : LabelledRows
        The rows in question.
    options : Options
        Of the check.
    """
    segments = list(_segments(context, labelled, options.min_rows))
    if not segments:
        return []
    usual = np.array([context.reference.whole.segments[name].loss_total for name, _ in segments])
    usual = usual / [context.reference.whole.segments[name].labelled for name, _ in segments]
    now = np.array([float(labelled.losses[inside].mean()) for _, inside in segments])
    variance = np.array([float(labelled.losses[inside].var(ddof=1)) for _, inside in segments]) / usual**2
    rows = np.array([int(inside.sum()) for _, inside in segments])
    past, noise = _history(context, [name for name, _ in segments], usual, variance)
    whole_rows = np.array([context.reference.whole.segments[name].labelled for name, _ in segments])
    result = moderated_z(
        past, noise, now / usual, variance / rows, whole=np.ones(len(segments)), whole_noise=variance / whole_rows,
        expected=WINDOWS_OF_LOSSES,
    )  # fmt: skip
    chance = np.where(result.z > 0, result.p_value / 2.0, 1.0 - result.p_value / 2.0)
    rise = now - usual
    total, findings = float(rise @ rows), []
    for at, (q_value, (name, _)) in enumerate(zip(adjust(chance), segments, strict=True)):
        worse = rise[at] > options.least_relative_drop * usual[at] and q_value < options.watch_p_value
        again = context.seen_before(f"performance:{name}:loss") is not None
        at_once = context.only_window and q_value < options.p_value
        verdict = Verdict.ALERT if again or at_once else Verdict.WATCH
        findings.append(
            Finding(
                "performance", name, "loss", verdict if worse else Verdict.OK, value=float(now[at]),
                baseline=float(usual[at]), limit=float(usual[at] * (1.0 + options.least_relative_drop)),
                effect=float(rise[at]), p_value=float(q_value), sample_size=int(rows[at]),
                message=f"The mean loss of {name} is {now[at]:.3g}; it was {usual[at]:.3g}.",
                suggests=SUGGESTS if worse else (), role=Role.LOSS,
                details={
                    "share_of_loss": float(now[at] * rows[at] / max(float(labelled.losses.sum()), 1e-12)),
                    "share_of_rise": float(rise[at] * rows[at] / total) if total > 0 else None,
                },
            )
        )  # fmt: skip
    return findings


def where_it_hurts(context: CheckContext, labelled: LabelledRows) -> list[Finding]:
    """Rank the categories and quarters of the inputs by the share of the loss that they carry beyond their rows.

    Compared with the rows that the version was accepted on. They inform and decide nothing.
    """
    before = context.baseline
    if before is None or not len(before):
        return []
    total = float(labelled.losses.mean() - before.losses.mean()) * len(labelled)
    if total <= 0:
        return []
    ranked = []
    for name, inside, earlier in _groups(context, labelled, before):
        if min(inside.sum(), earlier.sum()) < _LEAST_GROUP_ROWS:
            continue
        usual, now = float(before.losses[earlier].mean()), float(labelled.losses[inside].mean())
        share = (now - usual) * float(inside.sum()) / total
        error = float(labelled.losses[inside].std(ddof=1)) / float(inside.sum()) ** 0.5
        if now - usual > _ERRORS * error and share > float(inside.mean()):
            ranked.append((share - float(inside.mean()), name, share, float(inside.mean()), now, usual, inside.sum()))
    ranked.sort(key=lambda group: -group[0])
    return [
        Finding(
            "performance", name, "share_of_rise", Verdict.OK, value=share, baseline=rows, effect=now - usual,
            sample_size=int(count), unit="fraction",
            message=(
                f"{name} carries {percent(share)} of the rise of the loss with {percent(rows)} of the rows: its mean "
                f"loss is {now:.3g} where it was {usual:.3g}."
            ),
            details={"rank": rank},
        )
        for rank, (_, name, share, rows, now, usual, count) in enumerate(ranked[:_MOST_GROUPS], start=1)
    ]  # fmt: skip


def _segments(
    context: CheckContext, labelled: LabelledRows, min_rows: int
) -> Iterator[tuple[str, NDArray[np.bool_]]]:  # fmt: skip
    for column in context.spec.segments:
        if column not in labelled.frame:
            continue
        names = category_names(labelled.frame[column])
        for value in dict.fromkeys(names):
            before = context.reference.whole.segments.get(f"{column}={value}")
            inside = np.asarray(names == value, dtype=bool)
            known = before is not None and before.labelled >= min_rows and before.loss_total > 0
            if known and inside.sum() >= min_rows:
                yield f"{column}={value}", inside


def _history(context: CheckContext, names: list[str], usual: Array, variance: Array) -> tuple[Array, Array]:
    """Return each segment's mean loss in the reference's windows, relative to the usual one, and its noise."""
    values, noise = [], []
    for window in context.reference.windows:
        segments = [window.profile.segments.get(name) for name in names]
        rows = np.array([0 if segment is None else segment.labelled for segment in segments], dtype=float)
        losses = np.array([0.0 if segment is None else segment.loss_total for segment in segments])
        enough = rows >= _LEAST_WINDOW_ROWS
        values.append(np.where(enough, losses / np.maximum(rows, 1) / usual, np.nan))
        noise.append(np.where(enough, variance / np.maximum(rows, 1), np.nan))
    shape = (len(values), len(names))
    return np.array(values).reshape(shape), np.array(noise).reshape(shape)


def _groups(
    context: CheckContext, labelled: LabelledRows, before: LabelledRows
) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]]]:
    edges = context.profile.edges
    for name, known in edges.categorical.items():
        if name in labelled.frame and name in before.frame:
            now, earlier = category_names(labelled.frame[name]), category_names(before.frame[name])
            for value in known.top[:_MOST_CATEGORIES]:
                yield f"{name}={value}", np.asarray(now == value), np.asarray(earlier == value)
    for name in edges.numeric:
        if name in labelled.frame and name in before.frame:
            values, past = numbers(labelled.frame[name])[0], numbers(before.frame[name])[0]
            finite = past[np.isfinite(past)]
            cuts = np.unique(np.quantile(finite, _QUARTERS)) if finite.size else np.empty(0)
            bounds = [-np.inf, *cuts, np.inf]
            for low, high in pairwise(bounds):
                yield _range(name, low, high), (values > low) & (values <= high), (past > low) & (past <= high)


def _range(name: str, low: float, high: float) -> str:
    if not np.isfinite(low):
        return f"{name} ≤ {high:.4g}"
    return f"{name} > {low:.4g}" if not np.isfinite(high) else f"{low:.4g} < {name} ≤ {high:.4g}"
