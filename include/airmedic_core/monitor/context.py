"""Opens what checks compare a batch with: the version's reference, its rows, and the windows before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.errors import AirmedicError, MissingColumnError, SourceError
from airmedic_core.records import Batch
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext, LabelledRows, RowFacts
    from airmedic_core.metrics import Array
    from airmedic_core.profile import Profile, Reference
    from airmedic_core.registry import ModelVersion
    from airmedic_core.scoring import ScoredBatch
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

_MOST_LABEL_WINDOWS = 24
_rows: dict[tuple[str, str, str], pd.DataFrame] = {}


def open_context(ws: Workspace, batch: Batch, *, rows: pd.DataFrame | None = None) -> CheckContext:
    """Read a batch and open what it is compared with.

    A window that was repaired is read as it was repaired, and scored by the champion.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The batch.
    rows : pandas.DataFrame, optional
        The rows of a repair that is tried, in place of those that are on record.

    Raises
    ------
    SourceError
        If the rows cannot be read.
    NoChampionError
        If no version serves.
    """
    from airmedic_core.asked_labels import with_answers
    from airmedic_core.comparison import CheckContext, row_facts
    from airmedic_core.monitor.past import history
    from airmedic_core.monitor.shared_rows import BatchRows, shared_rows
    from airmedic_core.repair import repaired_window
    from airmedic_core.sources import read_sample

    spec = ws.spec
    version = _serving(ws)
    reference = _reference(ws, version)

    def read() -> BatchRows:
        repaired = repaired_window(ws, batch.window) if rows is None else rows
        frame = read_sample(spec, batch.window, rows=batch.rows) if repaired is None else repaired
        frame = with_answers(ws, batch.window, frame)
        scored = _scored(ws, batch, frame, anew=repaired is not None)
        return BatchRows(frame, scored, _profile(spec, batch, reference, frame, scored))

    opened = read() if rows is not None else shared_rows(ws, batch, version.version, reference, read)
    frame, scored, profile = opened.frame, opened.scored, opened.profile
    sampled = batch.rows > spec.data.sample_rows
    past = history(ws, batch, reference)
    features = [*reference.edges.numeric, *reference.edges.categorical]
    labelled = _labelled(ws, batch, frame, scored, reference)
    served_before = _served_before(ws, version)

    def previous() -> tuple[str, Array] | None:
        return _previous(ws, context, labelled)

    context = CheckContext(
        spec=spec,
        batch=batch,
        frame=frame,
        reference=reference,
        profile=profile,
        sampled=sampled,
        scored=scored,
        labelled=labelled,
        history=past,
        settings=ws.settings,
        facts_of=lambda: row_facts(spec, frame, batch.window, features, whole=not sampled),
        reference_facts_of=lambda: _reference_facts(ws, reference),
        reference_rows_of=lambda: _sampled(ws, reference),
        baseline_of=lambda: _baseline(ws, version, reference),
        previous_of=previous,
        served_before=served_before,
    )
    return context


def _serving(ws: Workspace) -> ModelVersion:
    return ws.registry.champion(ws.spec.name)


def _reference(ws: Workspace, version: ModelVersion) -> Reference:
    """Return the version's reference; that of the version before, where somebody registered it without one."""
    try:
        return ws.registry.reference(version)
    except AirmedicError:
        for promotion in ws.ledger.promotions(ws.spec.name):
            for candidate in (promotion.from_version, promotion.to_version):
                if candidate and candidate != version.version:
                    try:
                        return ws.registry.reference(ws.registry.version(ws.spec.name, candidate))
                    except AirmedicError:
                        continue
        raise


def _scored(ws: Workspace, batch: Batch, frame: pd.DataFrame, *, anew: bool = False) -> ScoredBatch | None:
    """Return what the model said; nothing where columns are missing, which the schema check reports.

    Predictions that were logged before a repair do not belong to the repaired rows, so these are scored anew.
    """
    from airmedic_core.scoring import score, scored_batch

    if not len(frame):
        return None
    try:
        return score(ws, _serving(ws), frame, batch) if anew else scored_batch(ws, batch, frame)
    except MissingColumnError:
        return None


def _profile(
    spec: ModelSpec, batch: Batch, reference: Reference, frame: pd.DataFrame, scored: ScoredBatch | None
) -> Profile:
    """Profile all rows of a batch: those at hand, or where they are if those at hand are a sample.

    Scores and segments are of the rows at hand: only those have been scored.
    """
    from airmedic_core.comparison.rows import profile_of
    from airmedic_core.profile import build_profile
    from airmedic_core.sources import open_window

    seen = profile_of(spec, reference, frame, scored, batch.window)
    if batch.rows <= spec.data.sample_rows:
        return seen
    with open_window(spec, batch.window) as rows:
        whole = build_profile(reference.edges, rows, window=batch.window)
    return replace(whole, scores=seen.scores, segments=seen.segments)


def _served_before(ws: Workspace, version: ModelVersion) -> str | None:
    """Return the version before the last promotion, if that is recent."""
    promotions = ws.ledger.promotions(ws.spec.name)
    if promotions and promotions[0].to_version == version.version and promotions[0].kind != "rollback":
        return promotions[0].from_version
    return None


def _previous(ws: Workspace, context: CheckContext, labelled: LabelledRows | None) -> tuple[str, Array] | None:
    from airmedic_core.scoring import score

    earlier = context.earlier_version
    if earlier is None or labelled is None or not any(past.version == earlier for past in context.history[:5]):
        return None
    try:
        scored = score(ws, ws.registry.version(ws.spec.name, earlier), labelled.frame)
    except AirmedicError:
        # The version may be gone; what is left is the comparison with the baseline.
        return None
    return earlier, scored.scores


def _labelled(
    ws: Workspace, batch: Batch, frame: pd.DataFrame, scored: ScoredBatch | None, reference: Reference
) -> LabelledRows | None:
    """Return the newest rows whose labels have arrived: of this window, or of the newest one before it.

    Labels do not arrive in the order of the rows: cancellations are known before stays are. Only rows old enough that
    practically all labels of their age are known are looked at, lest the early ones stand for all.
    """
    from airmedic_core.asked_labels import answered_rows
    from airmedic_core.comparison.rows import labelled_rows
    from airmedic_core.repair import repaired_window
    from airmedic_core.sources import read_sample

    spec = ws.spec
    if scored is None:
        return None
    times = frame[spec.data.time_column]
    ripe = np.ones(len(frame), dtype=bool)
    delay = _label_delay(ws, reference)
    if delay:
        ripe = np.asarray(times <= batch.as_of - delay)
    labelled = labelled_rows(spec, frame, scored, ripe)
    enough = max(spec.window.min_rows, 1)
    if labelled is not None and len(labelled) >= min(enough, max(len(frame) // 4, 1)):
        return labelled
    answered = answered_rows(ws, batch.window, frame)
    if answered.any():
        # They were chosen evenly over the window, so few of them say more of it than many of an earlier one.
        return labelled_rows(spec, frame, scored, answered)
    if not spec.label_time_column:
        return labelled
    window = batch.window
    step = spec.window.step
    damaged = _damaged_before(ws, batch)
    for _ in range(_MOST_LABEL_WINDOWS):
        window = Window(step.shift(window.start, -1), window.start)
        if window.end > batch.as_of - delay or window.key in damaged:
            continue
        if reference.window is not None and window.start < reference.window.end:
            return labelled
        try:
            repaired = repaired_window(ws, window)
            rows = read_sample(spec, window) if repaired is None else repaired
        except SourceError:
            return labelled
        earlier = _scored(ws, Batch(spec.name, window, batch.as_of, len(rows)), rows, anew=repaired is not None)
        older = labelled_rows(spec, rows, earlier) if earlier is not None else None
        return replace(older, earlier=window) if older is not None and len(older) >= enough else labelled
    return labelled


def _damaged_before(ws: Workspace, batch: Batch) -> set[str]:
    """Return the keys of windows before a batch that are damaged or held back: their loss is not the model's."""
    seen = ws.ledger.batches(ws.spec.name, limit=2 * _MOST_LABEL_WINDOWS, before=batch.window.start)
    held = {override.key for override in ws.ledger.overrides(ws.spec.name, "quarantine")}
    return held | {
        past.batch.window.key for past in seen if past.assessment is not None and past.assessment.cause.lies_in_data
    }


def _label_delay(ws: Workspace, reference: Reference) -> timedelta:
    """Return the age at which practically all labels of the reference's rows were known."""
    from airmedic_core.sources import label_delay

    rows = _rows_of(ws, reference) if ws.spec.label_time_column else None
    return timedelta(0) if rows is None else label_delay(ws.spec, rows)


def _rows_of(ws: Workspace, reference: Reference) -> pd.DataFrame | None:
    """Return the reference's rows as they are today, a sample of many; None where they cannot be read any more."""
    from airmedic_core.training.rows import usable_rows

    if reference.window is None:
        return None
    key = (ws.settings.ledger_url, ws.spec.name, reference.edges.id)
    if key not in _rows:
        try:
            frame, _ = usable_rows(ws, reference.window, sampled=True)
        except SourceError:
            return None
        if len(_rows) >= 4:
            _rows.clear()
        _rows[key] = frame
    return _rows[key]


def _sampled(ws: Workspace, reference: Reference) -> pd.DataFrame | None:
    from airmedic_core.comparison.rows import sample

    rows = _rows_of(ws, reference)
    return None if rows is None else sample(rows)


def _reference_facts(ws: Workspace, reference: Reference) -> tuple[RowFacts, ...]:
    from airmedic_core.comparison.rows import facts_by_window
    from airmedic_core.monitor.past import keep_reference_facts, kept_reference_facts

    kept = kept_reference_facts(ws.settings, ws.spec.name, reference)
    if kept is not None:
        return kept
    rows = _rows_of(ws, reference)
    if rows is None:
        return ()
    if reference.whole.rows > ws.spec.data.sample_rows:
        facts = _newest_facts(ws, reference)
    else:
        facts = facts_by_window(ws.spec, rows, reference)
    keep_reference_facts(ws.settings, ws.spec.name, reference, facts)
    return facts


def _newest_facts(ws: Workspace, reference: Reference) -> tuple[RowFacts, ...]:
    """Return the facts of as many of a large reference's newest windows as may be read: of a sample there are none."""
    from itertools import accumulate

    from airmedic_core.comparison.rows import facts_by_window
    from airmedic_core.training.rows import usable_rows

    most = ws.spec.data.sample_rows
    count = sum(rows <= most for rows in accumulate(reversed(reference.window_rows)))
    newest = reference.windows[len(reference.windows) - count :]
    if not newest:
        return ()
    frame, _ = usable_rows(ws, Window(newest[0].window.start, newest[-1].window.end))
    return facts_by_window(ws.spec, frame, replace(reference, windows=newest))


def _baseline(ws: Workspace, version: ModelVersion, reference: Reference) -> LabelledRows | None:
    """Return the labelled rows of the reference that the version was not fitted on."""
    from airmedic_core.comparison.rows import labelled_rows, sample
    from airmedic_core.scoring import score
    from airmedic_core.training.fit import trained_window

    rows = _rows_of(ws, reference)
    if ws.spec.only_logged:
        return None if rows is None else _logged_baseline(ws.spec, sample(rows))
    trained = trained_window(version)
    if rows is None or trained is None:
        return None
    rows = sample(rows[rows[ws.spec.data.time_column] >= trained.end])
    if not len(rows):
        return None
    return labelled_rows(ws.spec, rows, score(ws, version, rows))


def _logged_baseline(spec: ModelSpec, rows: pd.DataFrame) -> LabelledRows | None:
    """Return the labelled rows of a reference with the predictions that were logged with them."""
    from airmedic_core.comparison.rows import labelled_rows
    from airmedic_core.scoring import logged_scores

    try:
        return labelled_rows(spec, rows, logged_scores(spec, rows))
    except MissingColumnError:
        return None
