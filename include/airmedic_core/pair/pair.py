"""Checks one window against a reference where there is nothing but two sets of rows: no ledger, no registry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from airmedic_core.assess import Likely, as_likely
from airmedic_core.errors import SourceError
from airmedic_core.pair.default_model import served
from airmedic_core.pair.headers import refuse_strangers
from airmedic_core.pair.labels import compare_labels
from airmedic_core.pair.not_monitored import not_monitored
from airmedic_core.pair.probabilities import without_impossible_scores
from airmedic_core.pair.reference_windows import (
    Span,
    in_windows_of,
    of_one_time,
    part_of_window,
    span_of,
    whole_windows,
    window_of,
    windows_before,
)
from airmedic_core.pair.stray_times import without_strays
from airmedic_core.pair.timed_rows import timed_rows
from airmedic_core.records import Assessment, Batch, Cause, Finding, RecommendedAction
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext, LabelledRows
    from airmedic_core.settings import Settings


class PairCheck(NamedTuple):
    """Says what a window is, against its reference."""

    assessment: Assessment
    findings: tuple[Finding, ...]
    recommended: tuple[RecommendedAction, ...]
    spans: tuple[Span, Span]
    """The earliest and the latest moment of the reference, and of the rows in question."""
    not_monitored: dict[str, str]
    """Column of the reference → why nothing is said of it."""
    causes: tuple[Likely, ...]
    """The cause that is named, ``healthy`` where none is, then the others that findings speak for, the likeliest
    first."""

    @property
    def rival(self) -> Likely | None:
        """The cause that is about as likely as the one that is named."""
        return as_likely(self.causes) if self.assessment.outcome == "incident" else None


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
    from airmedic_core.assess import doubt_of_new_normal, doubt_of_training, likely_causes, weigh
    from airmedic_core.checks import GROUPS, run_group
    from airmedic_core.diagnose.remedies import remedies_of
    from airmedic_core.repair import steps_of

    _refuse_nothing(reference, current)
    reference, current, findings = timed_rows(spec, reference, current)
    # The reference is taken as it is; what is wrong with its times says nothing of the rows in question.
    reference, _ = without_strays(spec, reference)
    current, strays = without_strays(spec, current)
    findings += strays
    _refuse_few(spec, reference)
    findings += compare_labels(spec, reference, current)
    current, impossible = without_impossible_scores(spec, reference, current)
    findings += impossible
    context = compared(spec, reference, current, as_of or datetime.now(UTC), settings)
    findings += [finding for group in GROUPS for finding in run_group(context, group)]
    new_version = context.earlier_version is not None
    assessment = weigh(context.batch, findings, new_version=new_version, only_window=True, hidden=spec.is_private)
    incident = assessment.outcome == "incident"
    causes = likely_causes(findings, assessment.cause if incident else Cause.HEALTHY)
    rival = as_likely(causes)
    recommended = (
        remedies_of(
            assessment.cause,
            doubt_of_training(findings),
            rival.cause if rival else None,
            not_normal=doubt_of_new_normal(findings),
            can_be_undone=bool(steps_of(findings)),
        )
        if incident
        else ()
    )
    spans = span_of(spec, reference), span_of(spec, current)
    unseen = not_monitored(spec, reference, context.reference.edges.left_out)
    return PairCheck(assessment, tuple(findings), recommended, spans, unseen, causes)


def compared(
    spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame, as_of: datetime, settings: Settings | None = None
) -> CheckContext:
    """Return what the checks look at: the rows in question, and all that the reference says of them.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    reference, current : pandas.DataFrame
        Rows as :func:`timed_rows` returns them.
    as_of : datetime
        Labels that became known later do not exist yet.
    settings : Settings, optional
        Where the team's expectation suites are.
    """
    from airmedic_core.comparison import CheckContext, row_facts
    from airmedic_core.comparison.rows import facts_by_window, labelled_rows, profile_of, sample
    from airmedic_core.profile import build_reference

    together = of_one_time(spec, reference, current)
    window, step = window_of(spec, current), spec.window.step
    part = not together and part_of_window(spec, window, reference, current)
    spec = _with_options_of_pair(in_windows_of(spec, window, len(current)))
    answers = served(spec, reference, current, window, as_of, together=together)
    # Samples of one time are no windows of each other's history.
    windows = [] if together else windows_before(spec, step, reference)
    if answers is None:
        known_reference = build_reference(spec, reference, windows=windows)
    else:
        before = answers.reference
        known_reference = build_reference(
            spec, reference, scores=before.scores, labels=before.labels, holdout_mask=answers.held_out, windows=windows
        )
    known_reference = whole_windows(known_reference)
    scored = answers.current if answers else None
    features = [*known_reference.edges.numeric, *known_reference.edges.categorical]

    def baseline() -> LabelledRows | None:
        return labelled_rows(spec, reference, answers.reference, answers.held_out) if answers else None

    return CheckContext(
        spec=spec,
        batch=Batch(spec.name, window, as_of, len(current)),
        frame=current,
        reference=known_reference,
        profile=profile_of(spec, known_reference, current, scored, window),
        scored=scored,
        labelled=labelled_rows(spec, current, scored) if scored else None,
        settings=settings,
        facts_of=lambda: row_facts(spec, current, window, features),
        reference_facts_of=lambda: facts_by_window(spec, reference, known_reference),
        reference_rows_of=lambda: sample(reference),
        every_reference_row_of=lambda: None if together else reference,
        baseline_of=baseline,
        served_before=answers.reference.version if answers else None,
        only_window=True,
        part_of_window=part,
    )


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


def _with_options_of_pair(spec: ModelSpec) -> ModelSpec:
    """Set the options that the checks want where two files are all there is, unless the spec says otherwise."""
    from airmedic_core.checks import CHECKS, running

    checks = dict(spec.checks)
    for name in running(spec):
        if options := CHECKS.member(name).options_of_pair:
            checks[name] = {**options, **dict(checks.get(name) or {})}
    return spec.model_copy(update={"checks": checks})
