"""Faults of the labels that look like a changed relation: merged, under each other's names, or those of other rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.context import LabelledRows

_NAMED = 5
"""Exchanged classes that a sentence names. Bounds its length."""


def label_fault(context: CheckContext, before: LabelledRows, now: LabelledRows) -> Finding | None:
    """Return what is wrong with the labels themselves, so that a loss that they show is none of the model.

    Parameters
    ----------
    context : CheckContext
        The window.
    before, now : LabelledRows
        The baseline and the window.
    """
    return (
        _merged(context, before, now)
        or _relabelled(context, now)
        or _turned(context, now)
        or _foreign(context, before, now)
    )


def _merged(context: CheckContext, before: LabelledRows, now: LabelledRows) -> Finding | None:
    """Return a finding where the labels of one class are under the name of another."""
    from airmedic_core.checks.concept.merged_classes import merged

    merge = merged(context, before, now)
    if merge is None:
        return None
    return Finding(
        "concept", context.spec.target, "merged", Verdict.ALERT, value=merge.now, baseline=merge.usual,
        effect=merge.gone_share, sample_size=len(now), unit="fraction",
        message=f"No label of {context.spec.target} is {merge.gone}, as {percent(merge.gone_share)} were, and "
        f"{percent(merge.now)} are {merge.into} where {percent(merge.usual)} were; the others have their usual shares: "
        f"labels of {merge.gone} are under the name of {merge.into}.",
        suggests=(Cause.DATA_CORRUPTION, Cause.SCHEMA_CHANGE), role=Role.DATA_FAULT,
    )  # fmt: skip


def _relabelled(context: CheckContext, now: LabelledRows) -> Finding | None:
    """Return a finding where the classes go by each other's names, and nothing else has changed."""
    from airmedic_core.checks import options_for
    from airmedic_core.checks.concept.relabelled_classes import relabelled

    limits = options_for(context.spec, "performance")
    names = relabelled(context, now, least_drop=limits.least_drop, least_relative_drop=limits.least_relative_drop)
    if names is None:
        return None
    classes = context.scored.classes if context.scored else ()

    def named(position: int) -> str:
        return str(classes[position]) if position < len(classes) else str(position)

    shown = ", ".join(f"{named(true)} as {named(given)}" for given, true in sorted(names.items())[:_NAMED])
    return Finding(
        "concept", context.spec.target, "relabelled", Verdict.ALERT, value=float(len(names)), baseline=0.0, effect=1.0,
        sample_size=len(now),
        message=f"The labels of {context.spec.target} are under each other's names: {shown}. Named back, the model "
        "does as well as it was accepted with, so the labels have turned round and not the relation.",
        suggests=(Cause.DATA_CORRUPTION, Cause.SCHEMA_CHANGE), role=Role.DATA_FAULT,
    )  # fmt: skip


def _turned(context: CheckContext, now: LabelledRows) -> Finding | None:
    """Return a finding where all labels of a regression have the other sign, and nothing else has changed."""
    from airmedic_core.checks import options_for
    from airmedic_core.checks.concept.relabelled_classes import turned

    limits = options_for(context.spec, "performance")
    if not turned(context, now, least_drop=limits.least_drop, least_relative_drop=limits.least_relative_drop):
        return None
    return Finding(
        "concept", context.spec.target, "turned", Verdict.ALERT, value=1.0, baseline=0.0, effect=1.0,
        sample_size=len(now),
        message=f"The labels of {context.spec.target} have the other sign: turned back, the model does as well as it "
        "was accepted with, so the labels have turned round and not the relation.",
        suggests=(Cause.DATA_CORRUPTION, Cause.SCHEMA_CHANGE), role=Role.DATA_FAULT,
    )  # fmt: skip


def _foreign(context: CheckContext, before: LabelledRows, now: LabelledRows) -> Finding | None:
    """Return a finding where the labels have nothing to do with their rows.

    It is asked where windows are monitored. No window tells labels of other rows from an outcome that nothing predicts
    any more. Holding the labels keeps what is learned clean in the first case. In the second it hides, window after
    window, that the model is of no use any more; so the finding names both readings. Two files are only named, and
    the condition of a training says there what has to be known first.
    """
    from airmedic_core.checks.concept.foreign_labels import foreign_labels

    foreign = None if context.only_window else foreign_labels(context, before, now)
    if foreign is None:
        return None
    name, shown = ("rank correlation", float) if context.spec.task == "regression" else ("AUC", _area)
    return Finding(
        "concept", context.spec.target, "other_rows", Verdict.ALERT, value=foreign.relearned,
        baseline=foreign.relearned_before, effect=1.0, sample_size=len(now),
        message=f"The labels of {context.spec.target} have nothing to do with their rows: the model does not tell them "
        f"apart any more ({name} {shown(foreign.now):.2f}, usually {shown(foreign.usual):.2f}), and a fresh one finds "
        f"nothing to learn ({shown(foreign.relearned):.2f}, usually {shown(foreign.relearned_before):.2f}). They look "
        "like labels of other rows. Where the labels are right, nothing predicts the outcome any more.",
        suggests=(Cause.DATA_CORRUPTION,), role=Role.DATA_FAULT,
        details={"by_chance": foreign.by_chance, "model": foreign.now, "model_before": foreign.usual},
    )  # fmt: skip


def _area(strength: float) -> float:
    """Return the area under the curve that a strength is: Somers' D is twice the area, less one."""
    return (1.0 + strength) / 2.0
