"""Checks one window against a reference where there is nothing but two sets of rows: no ledger, no registry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from airmedic_core.errors import SourceError
from airmedic_core.monitor.headers import refuse_strangers
from airmedic_core.monitor.labels import compare_labels
from airmedic_core.monitor.moments import read_moments
from airmedic_core.records import Assessment, Batch, Finding, RecommendedAction
from airmedic_core.spec import ModelSpec, WindowSection
from airmedic_core.windows import Every, Window

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext, LabelledRows
    from airmedic_core.profile import Reference
    from airmedic_core.scoring import ScoredBatch
    from airmedic_core.settings import Settings

_FITTED_FRACTION = 0.7
_MOST_FITTED = 50_000
_LEAST_FITTED = 100
_MOSTLY, _NEARLY = 0.5, 0.9
_FEW = 10
"""Rows: by fewer nobody can tell how thick they come."""


Span = tuple[datetime, datetime]
"""The first and the last moment of rows."""


class PairCheck(NamedTuple):
    """What a window is, against its reference."""

    assessment: Assessment
    findings: tuple[Finding, ...]
    recommended: tuple[RecommendedAction, ...]
    spans: tuple[Span, Span]
    """The earliest and the latest moment of the reference, and of the rows in question."""


def check_pair(
    spec: ModelSpec,
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    as_of: datetime | None = None,
    settings: Settings | None = None,
) -> PairCheck:
    """Check the rows of one window against those of a reference.

    Where no predictions are logged, a default model is fitted on the earlier 70 % of the reference; the rest is its
    baseline of performance. Two samples of the same time are compared as such: nothing is said of volume or freshness,
    and the 70 % are drawn from all of the time. Where the rows in question are a part of a window, how many they should
    be is not known, and volume is not judged either.

    Parameters
    ----------
    spec : ModelSpec
        The model. Its ``window.every`` says how the reference is split into windows of history.
    reference, current : pandas.DataFrame
        Rows; the time column may hold text.
    as_of : datetime, optional
        Labels that became known later do not exist yet; all are known where not given.
    settings : Settings, optional
        Where the team's expectation suites are.

    Returns
    -------
    PairCheck

    Raises
    ------
    SourceError
        If there are no rows, too few in the reference, no column in common, or times or labels that cannot be read. A
        retry does not help.
    """
    from airmedic_core.checks import GROUPS, run_group
    from airmedic_core.diagnose.taxonomy import TAXONOMY
    from airmedic_core.monitor.weigh import weigh

    _refuse_nothing(reference, current)
    reference, current, findings = read_moments(spec, reference, current)
    _refuse_few(spec, reference)
    findings += compare_labels(spec, reference, current)
    context, new_version = _context(spec, reference, current, as_of, settings)
    findings += [finding for group in GROUPS for finding in run_group(context, group)]
    assessment = weigh(context.batch, findings, new_version=new_version, only_window=True, hidden=spec.is_private)
    recommended = TAXONOMY[assessment.cause].actions if assessment.outcome == "incident" else ()
    spans = _span(spec, reference), _span(spec, current)
    return PairCheck(assessment, tuple(findings), tuple(recommended), spans)


def _context(
    spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame, as_of: datetime | None, settings: Settings | None
) -> tuple[CheckContext, bool]:
    from airmedic_core.comparison import CheckContext, row_facts
    from airmedic_core.monitor.rows import facts_by_window, labelled_rows, profile_of, sample
    from airmedic_core.profile import build_reference

    together = _of_one_time(spec, reference, current)
    window, step = _window(spec, current), spec.window.step
    count_rows = together or not _cut(spec, window, reference, current)
    spec = _without_proposals(_in_windows_of(spec, window, len(current), count_rows=count_rows))
    as_of = as_of or datetime.now(UTC)
    served, held_out = _served(spec, reference, current, window, as_of, together=together)
    # Samples of one time are no windows of each other's history.
    windows = [] if together else _windows_before(spec, step, reference)
    if served is None:
        known_reference = build_reference(spec, reference, windows=windows)
    else:
        scores, labels = served[0].scores, served[0].labels
        known_reference = build_reference(
            spec, reference, scores=scores, labels=labels, holdout_mask=held_out, windows=windows
        )
    known_reference = _whole_windows(known_reference)
    scored = served[1] if served else None
    profile = profile_of(spec, known_reference, current, scored, window)
    features = [*known_reference.edges.numeric, *known_reference.edges.categorical]

    def baseline() -> LabelledRows | None:
        return labelled_rows(spec, reference, served[0], held_out) if served else None

    context = CheckContext(
        spec=spec,
        batch=Batch(spec.name, window, as_of, len(current)),
        frame=current,
        reference=known_reference,
        profile=profile,
        scored=scored,
        labelled=labelled_rows(spec, current, scored) if scored else None,
        settings=settings,
        facts_of=lambda: row_facts(spec, current, window, features),
        reference_facts_of=lambda: facts_by_window(spec, reference, known_reference),
        reference_rows_of=lambda: sample(reference),
        baseline_of=baseline,
        served_before=served[0].version if served else None,
        only_window=True,
    )
    return context, context.earlier_version is not None


def _refuse_nothing(reference: pd.DataFrame, current: pd.DataFrame) -> None:
    if not len(reference) or not len(current):
        raise SourceError("One of the two sets of rows is empty.", "Give at least one row on each side.")
    refuse_strangers(reference.columns, current.columns)


def _refuse_few(spec: ModelSpec, reference: pd.DataFrame) -> None:
    rows, least = len(reference), spec.window.min_rows
    if rows < least:
        raise SourceError(
            f"The reference has {rows} rows; at least {least} are needed.",
            "Give more rows that are known to be good, or set window.min_rows.",
        )


def _of_one_time(spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame) -> bool:
    """Return whether the rows in question are spread over the time of the reference, as a sample of it would be."""
    column = spec.data.time_column
    times, now = reference[column], current[column]
    inside = ((now >= times.iloc[0]) & (now <= times.iloc[-1])).mean()
    shared = min(times.iloc[-1], now.iloc[-1]) - max(times.iloc[0], now.iloc[0])
    return bool(inside > _MOSTLY and shared >= _MOSTLY * (times.iloc[-1] - times.iloc[0]))


def _span(spec: ModelSpec, timed: pd.DataFrame) -> Span:
    times = timed[spec.data.time_column]
    return times.iloc[0].to_pydatetime(warn=False), times.iloc[-1].to_pydatetime(warn=False)


def _window(spec: ModelSpec, current: pd.DataFrame) -> Window:
    step = spec.window.step
    first, last = _span(spec, current)
    return Window(step.floor(first), step.shift(step.floor(last), 1))


def _cut(spec: ModelSpec, window: Window, reference: pd.DataFrame, current: pd.DataFrame) -> bool:
    """Return whether the rows in question are a part of a window, so that nobody knows how many it should hold.

    They are if the reference ends in the same window, or if they come as thick as the reference's do but span a part of
    a window only, and the spec does not say that rows come in such windows.
    """
    column, step = spec.data.time_column, spec.window.step
    before, times = reference[column], current[column]
    if step.floor(before.iloc[-1].to_pydatetime(warn=False)) == window.start:
        return True
    span, spanned = (one.iloc[-1] - one.iloc[0] for one in (before, times))
    if "every" in spec.window.model_fields_set or not span or bool((times == times.dt.floor("D")).all()):
        return False
    expected = len(reference) * (spanned / span)
    as_thick = expected > _FEW and 0.5 < len(times) / expected < 2.0
    return bool(as_thick and spanned < _NEARLY * (window.end - window.start))


def _windows_before(spec: ModelSpec, step: Every, reference: pd.DataFrame) -> list[Window]:
    """Split the reference into whole windows as long as the one in question, counted back from its own end.

    On a fixed calendar, 28 days of February would cut the January before it in two.
    """
    (first, last), length = _span(spec, reference), spec.window.step
    end, begin = step.shift(step.floor(last), 1), step.floor(first)
    windows = []
    while (start := length.shift(end, -1)) >= begin:
        windows.append(Window(start, end))
        end = start
    return windows[::-1]


def _in_windows_of(spec: ModelSpec, window: Window, rows: int, *, count_rows: bool) -> ModelSpec:
    """Split the reference into windows like the one in question: as long, and with half its rows at the least."""
    step = spec.window.step
    longer = Every(step.count * max(len(step.split(window)), 1), step.unit)
    if months := _whole_months(window):
        longer = Every(months, "month")
    least = min(spec.window.min_rows, max(rows // 2, 1))
    checks = spec.checks if count_rows else {**spec.checks, "volume": False}
    return spec.model_copy(update={"window": WindowSection(every=str(longer), min_rows=least), "checks": checks})


def _whole_months(window: Window) -> int:
    """Return how many months a window is, or none if it is not whole months."""
    if any((each.day, each.hour, each.minute) != (1, 0, 0) for each in (window.start, window.end)):
        return 0
    return (window.end.year - window.start.year) * 12 + window.end.month - window.start.month


def _without_proposals(spec: ModelSpec) -> ModelSpec:
    """Leave out the expectations that a reference suggests, unless the spec asks for them.

    Nobody has looked at them, and what they are about the other checks see too.
    """
    given = spec.checks.get("quality") or {}
    if spec.checks.get("quality") is False or "propose" in dict(given):
        return spec
    return spec.model_copy(update={"checks": {**spec.checks, "quality": {**dict(given), "propose": False}}})


def _whole_windows(reference: Reference) -> Reference:
    """Leave out windows that the reference covers in part only: its first and its last, if they are short of rows."""
    windows = list(reference.windows)
    if len(windows) < 4 or reference.window is None:
        return reference
    rows = float(np.median([each.profile.rows for each in windows]))
    slack = (windows[0].window.end - windows[0].window.start) / 20
    if reference.window.start - windows[0].window.start > slack and windows[0].profile.rows < 0.7 * rows:
        windows = windows[1:]
    if windows[-1].window.end - reference.window.end > slack and windows[-1].profile.rows < 0.7 * rows:
        windows = windows[:-1]
    return replace(reference, windows=tuple(windows))


def _served(
    spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame, window: Window, as_of: datetime, *, together: bool
) -> tuple[tuple[ScoredBatch, ScoredBatch] | None, NDArray[np.bool_]]:
    """Return what the model said of both sets of rows, and which rows of the reference it was not fitted on."""
    from airmedic_core.scoring import logged_scores, logged_with, named_classes

    if logged_with(spec, reference, current):
        batch = Batch(spec.name, window, as_of, len(current))
        classes = named_classes(spec, reference, current) if spec.task == "multiclass" else ()
        before, now = (logged_scores(spec, rows, batch, classes=classes) for rows in (reference, current))
        return (before, now), np.ones(len(reference), dtype=bool)
    return _fitted(spec, reference, current, as_of, _held_out(spec, reference, together=together))


def _held_out(spec: ModelSpec, reference: pd.DataFrame, *, together: bool) -> NDArray[np.bool_]:
    """Return the rows that the default model is not fitted on: as far from those it is as the rows in question are."""
    if together:
        return np.random.default_rng(0).random(len(reference)) >= _FITTED_FRACTION
    # Rows of one moment are never on both sides.
    times = reference[spec.data.time_column]
    return np.asarray(times >= times.iloc[int(len(reference) * _FITTED_FRACTION)])


def _fitted(
    spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame, as_of: datetime, held_out: NDArray[np.bool_]
) -> tuple[tuple[ScoredBatch, ScoredBatch] | None, NDArray[np.bool_]]:
    from threadpoolctl import threadpool_limits

    from airmedic_core.inputs import Inputs
    from airmedic_core.scoring import ScoredBatch, encode_labels, predict
    from airmedic_core.sources import known_labels
    from airmedic_core.training.pipelines import default_pipeline, model_inputs

    everything = np.ones(len(reference), dtype=bool)
    if spec.target not in reference:
        return None, everything
    known = np.asarray(known_labels(spec, reference, as_of), dtype=bool)
    train = reference[known & ~held_out]
    if len(train) < _LEAST_FITTED or train[spec.target].nunique() < 2:
        return None, everything
    train = train.iloc[np.linspace(0, len(train) - 1, min(len(train), _MOST_FITTED)).astype(int)]
    named = model_inputs(spec, reference)
    # Trees cannot be grown on a column without a single number.
    inputs = Inputs.of([name for name in named.numeric if _has_numbers(train[name])], named.categorical)
    estimator = default_pipeline(spec, inputs)
    with threadpool_limits(1):
        estimator.fit(inputs.prepare(train), train[spec.target])

    def scored(frame: pd.DataFrame, known: NDArray[np.bool_]) -> ScoredBatch:
        prepared: Any = inputs.prepare(frame)
        scores, predicted, classes = predict(spec, estimator, prepared)
        labels = np.where(known, encode_labels(spec, frame, classes), np.nan)
        return ScoredBatch(scores, predicted, labels, "", classes)

    if any(name not in current for name in inputs.columns):
        return None, held_out
    now = np.asarray(known_labels(spec, current, as_of), dtype=bool)
    return (scored(reference, known), scored(current, now)), held_out


def _has_numbers(values: pd.Series) -> bool:
    from airmedic_core.profile.values import numbers

    return bool(np.isfinite(numbers(values)[0]).any())
