"""The paired comparison of two models on the same rows: the gate and every choice in a training rest on it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from airmedic_core.errors import AirmedicError, SpecError
from airmedic_core.metrics import Array, Blocks, Metric, block_draws, is_relative, metric, tail_bounds
from airmedic_core.numbers import measure_name
from airmedic_core.records import GateResult, Json
from airmedic_core.reports.gate_words import allowed, gained, short
from airmedic_core.scoring import ScoredBatch
from airmedic_core.training.guards import probability_error
from airmedic_core.training.rows import MIN_BLOCKS
from airmedic_core.training.same_rows import side_by_side

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

Outcome = Literal["passed", "refused", "inconclusive", "not_comparable"]
_MOST_SEGMENTS = 20
_BLOCK_UNITS = (("week", 12), ("day", MIN_BLOCKS), ("hour", MIN_BLOCKS))
"""Unit of a block, and from how many of them on it is used: the longest that gives enough blocks."""


def compare(spec: ModelSpec, champion: ScoredBatch, challenger: ScoredBatch, frame: pd.DataFrame) -> GateResult:
    """Judge the scores of two models on the same rows.

    Parameters
    ----------
    spec : ModelSpec
        The gate's metric, margin, confidence and segments.
    champion, challenger : ScoredBatch
        Scores and labels of the same rows, in the same order.
    frame : pandas.DataFrame
        These rows, for their times and segments.
    """
    gate = spec.gate
    empty = GateResult("not_comparable", spec.metric, (), margin=gate.margin)
    try:
        measure = metric(spec.metric, spec.task)
    except SpecError as error:
        return replace(empty, reasons=(str(error),))
    try:
        champion, challenger = side_by_side(spec, champion, challenger)
    except AirmedicError as error:
        return replace(empty, reasons=(str(error),))
    wrong = int((~np.isfinite(challenger.scores)).sum())
    if wrong:
        return replace(empty, outcome="refused", reasons=(f"{wrong} predictions of the challenger are not finite.",))
    known = champion.known & challenger.known
    rows = int(known.sum())
    if rows == 0:
        return replace(empty, reasons=("No row has a label: nothing can be compared yet.",))
    labels = challenger.labels[known]
    blocks, count, unit = time_blocks(frame[spec.data.time_column][known])
    empty = replace(empty, rows=rows, blocks=count)
    if rows < gate.min_rows or count < MIN_BLOCKS:
        problem = f"{rows} labelled rows in {count} {unit}s are too few: {gate.min_rows} in {MIN_BLOCKS} are needed."
        return replace(empty, outcome="inconclusive", reasons=(problem,))
    if spec.task != "regression" and len(np.unique(labels)) < 2:
        return replace(empty, reasons=(f"All {rows} labels are the same.",))
    old, new = champion.scores[known], challenger.scores[known]
    paired = _paired(measure, labels, old, new, blocks, count, gate.confidence)
    if paired is None:
        return replace(empty, reasons=(f"{measure_name(spec.metric)} is not defined on these rows.",))
    segments = _segments(spec, measure, labels, old, new, frame[known])
    outcome, reasons = _judge(spec, paired, segments)
    if outcome == "passed" and (further_off := _probabilities(spec, labels, old, new, blocks, count)):
        outcome, reasons = "refused", (*reasons, further_off)
    return replace(
        empty,
        outcome=outcome,
        reasons=reasons,
        champion_value=paired["champion"],
        challenger_value=paired["challenger"],
        difference=paired["difference"],
        low=paired["low"],
        high=paired["high"],
        segments=tuple(segments),
    )


def time_blocks(times: pd.Series) -> tuple[Blocks, int, str]:
    """Return the block of each row from 0, the number of blocks, and their unit."""
    blocks, count, unit = np.zeros(len(times), dtype=np.int64), 0, "hour"
    moments = times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(dtype="datetime64[h]")
    for unit, enough in _BLOCK_UNITS:
        hours = {"week": 168, "day": 24, "hour": 1}[unit]
        numbers = (moments.astype(np.int64) + 72) // hours if unit == "week" else moments.astype(np.int64) // hours
        distinct, blocks = np.unique(numbers, return_inverse=True)
        count = len(distinct)
        if count >= enough:
            break
    return blocks.astype(np.int64), count, unit


def _paired(
    measure: Metric, labels: Array, old: Array, new: Array, blocks: Blocks, count: int, confidence: float
) -> dict[str, float] | None:
    before, after = measure(labels, old), measure(labels, new)
    draws = block_draws(count)
    sign = 1.0 if measure.higher_is_better else -1.0
    resampled = sign * (measure.resampled(labels, new, blocks, draws) - measure.resampled(labels, old, blocks, draws))
    scale = abs(before) if measure.relative else 1.0
    if not np.isfinite([before, after]).all() or scale == 0:
        return None
    low, high = tail_bounds(resampled / scale, confidence, count)
    if not np.isfinite([low, high]).all():
        return None
    difference = sign * (after - before) / scale
    return {"champion": before, "challenger": after, "difference": difference, "low": low, "high": high}


def _probabilities(spec: ModelSpec, labels: Array, old: Array, new: Array, blocks: Blocks, count: int) -> str:
    """Return that the challenger's probabilities are clearly further off than the champion's; empty if they are not."""
    error = probability_error(spec.task)
    paired = _paired(error, labels, old, new, blocks, count, spec.gate.confidence) if error else None
    if paired is None or paired["difference"] >= spec.gate.calibration_margin * _spread(labels) or paired["high"] >= 0:
        return ""
    shown = f"{paired['champion']:.4g} → {paired['challenger']:.4g}"
    return f"Its probabilities are clearly further off: the Brier score goes {shown}."


def _spread(labels: Array) -> float:
    """Return the Brier score of saying the shares of the classes, of which a rare class leaves little: 1 for halves."""
    _, counts = np.unique(labels, return_counts=True)
    return min(1.0, 2.0 * float(1.0 - ((counts / counts.sum()) ** 2).sum()))


def _segments(
    spec: ModelSpec, measure: Metric, labels: Array, old: Array, new: Array, frame: pd.DataFrame
) -> list[Json]:
    segments: list[Json] = []
    for column in spec.segments:
        if column not in frame.columns:
            continue
        values = frame[column].astype("string").fillna("(missing)")
        for value, rows in values.value_counts().head(_MOST_SEGMENTS).items():
            if rows < spec.gate.min_rows:
                continue
            inside = np.asarray(values == value)
            blocks, count, _ = time_blocks(frame[spec.data.time_column][inside])
            if count < MIN_BLOCKS:
                continue
            paired = _paired(measure, labels[inside], old[inside], new[inside], blocks, count, spec.gate.confidence)
            if paired is not None:
                worse = paired["difference"] < spec.gate.segment_margin and paired["high"] < 0
                segments.append({"segment": f"{column}={value}", "rows": int(rows), **paired, "clearly_worse": worse})
    return segments


def _judge(spec: ModelSpec, paired: dict[str, float], segments: list[Json]) -> tuple[Outcome, tuple[str, ...]]:
    margin = spec.gate.margin
    told = gained(_result(spec, paired), spec.gate.confidence)
    shown = f"{measure_name(spec.metric)} {short(paired['champion'])} → {short(paired['challenger'])}: {told}."
    rule = allowed(margin, relative=is_relative(spec.metric))
    worse = [segment for segment in segments if segment["clearly_worse"]]
    if worse:
        return "refused", (shown, f"Clearly worse in {_named(spec, worse)}.")
    if paired["low"] >= margin:
        return "passed", (f"{shown} {rule}",)
    if paired["difference"] < margin:
        return "refused", (f"{shown} {rule}",)
    if paired["high"] < 0:
        return "refused", (f"{shown} That it is no worse is ruled out.",)
    return "inconclusive", (f"{shown} {rule} These rows cannot rule out that it is worse than that.",)


def _result(spec: ModelSpec, paired: dict[str, float]) -> GateResult:
    """Return a comparison for its words alone."""
    difference, low, high = paired["difference"], paired["low"], paired["high"]
    return GateResult("not_comparable", spec.metric, (), difference=difference, low=low, high=high)


def _named(spec: ModelSpec, worse: list[Json]) -> str:
    """Name segments for reasons, which go to reports and pages: a private column's values stay here."""
    public = [segment for segment in worse if not spec.is_private(segment["segment"])]
    names = [f"{segment['segment']} ({segment['difference']:+.3f})" for segment in public[:3]]
    private = len(worse) - len(public)
    if private:
        names.append("1 segment of a private column" if private == 1 else f"{private} segments of private columns")
    return ", ".join(names)
