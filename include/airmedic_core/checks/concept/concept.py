"""Concept: whether a loss comes from other inputs, another class mix, or a changed relation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, final

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.checks.concept.label_faults import label_fault
from airmedic_core.numbers import measure_name, percent
from airmedic_core.records import Cause, Finding, Role, Verdict
from airmedic_core.verdicts.together import together_by_chance

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.context import LabelledRows

_LEAST_ROWS = 100
"""Labelled rows from which shares of classes, or mean losses of score bins, say anything: a share is then known to
within ten points (95 % interval)."""
_MISSED = 20.0
"""Labels of other classes that are expected: where the true number is Poisson, none of 20 comes by chance in one of
500 million windows."""
_NEARLY_ALL = 0.98
"""Share of one class in a part of the reference, from which a window of that class alone is nothing new."""
_CERTAIN_MOVE = 1e-4
"""Sets how likely a move of the class mix is by chance, given how windows and neighbouring rows differ: one in 10,000
windows."""
_LENT_ROWS = 5
"""Rows of the mean loss that each score bin is lent, so that a bin of few rows is not taken at its word."""
_ALIKE = 0.55
"""Area under the curve of telling two windows apart, below which their inputs cannot be the reason for a loss: three
standard errors above chance for a window of 300 rows beside a baseline of 6,000 (Mann and Whitney 1947)."""


class Options(CheckOptions):
    """Says how a loss is taken apart."""

    p_value: float = Field(default=0.05, gt=0, lt=1)
    """A loss less certain than this is not taken apart; twice as much where no later window will confirm it. The usual
    5 %."""
    least_share: float = Field(default=0.5, gt=0, le=1)
    """Share of the loss on shared inputs from which the relation is the cause. The larger part of a loss names its
    cause."""
    least_mix_change: float = Field(default=0.05, gt=0, lt=1)
    """Smaller moves of a class's share are of no interest; of a rare class those by less than half of its share. A
    convention: five rows in a hundred."""
    least_gain: float = Field(default=0.02, gt=0, lt=1)
    """Fraction of the loss that recalibration must save to count. A convention."""
    min_rows: int = Field(default=20, ge=2)
    """With fewer labelled rows, now or in the baseline, a loss is not taken apart. A share of 20 rows is known to
    within 22 points (95 % interval)."""


@final
class Concept(Check[Options]):
    """Says whether a loss comes from other inputs, another class mix, or a changed relation.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(default=1.0 - day["default"]))
    >>> for finding in Concept().run(context, Options()):
    ...     print(f"{finding.verdict}: {finding.message[:54]} …", *finding.suggests)
    alert: The labels of default are under each other's names: 1. … data_corruption schema_change
    """

    group = "performance"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Take the loss apart, if there is one."""
        now, before = context.labelled, context.baseline
        if now is None or len(now) < options.min_rows:
            return []
        if before is None or len(before) < options.min_rows:
            return _from_profile(context, now, options)
        if (fault := label_fault(context, before, now)) is not None:
            return [fault]
        findings = _class_mix(context, before, now, options)
        if any(finding.verdict is Verdict.ALERT for finding in findings):
            return findings
        return findings + _parts(context, before, now, options)


def _class_mix(context: CheckContext, before: LabelledRows, now: LabelledRows, options: Options) -> list[Finding]:
    """Another class mix: the scores of each class are what they were, and another prior mends the calibration."""
    from airmedic_core.checks.concept.class_mix import class_mix

    if context.spec.task == "regression":
        return []
    if (lost := _only_class(context, before, now)) is not None:
        return [lost]
    if len(now) < _LEAST_ROWS:
        return []
    mix = class_mix(before, now, least_change=options.least_mix_change, least_gain=options.least_gain)
    if mix is None:
        return []
    if mix.moved and _in_runs(context):
        # Events that come in runs, such as rough weather, fill one window and leave out the next.
        mix = replace(mix, moved=False, explains=False)
    which = "positive"
    if context.spec.task == "multiclass":
        classes = context.scored.classes if context.scored else ()
        which = str(classes[mix.position]) if mix.position < len(classes) else f"of class {mix.position + 1}"
    text = f"{percent(mix.now)} of the labels are {which} where {percent(mix.before)} were."
    # A mix that moved for certain is news before it costs anything; beside a loss it must explain that loss.
    alone = (
        not mix.explains
        and mix.distance < 1.0
        and _moved_for_certain(context, options)
        and not _lost_for_certain(context, now, options)
    )
    if alone:
        text += " The parts of the reference do not differ so much, and the scores of each class are as before."
    if mix.moved and mix.unseen:
        text += " The scores are still those of the usual mix: labels may be lost, or not have arrived yet."
    if mix.explains:
        text += f" The scores of each class are as before, and another prior saves {percent(mix.gain)} of the loss."
    return [
        Finding(
            "concept", context.spec.target, "class_mix",
            Verdict.ALERT if mix.explains or alone else Verdict.WATCH if mix.moved else Verdict.OK, value=mix.now,
            baseline=mix.before, limit=options.least_mix_change, effect=mix.now - mix.before, sample_size=len(now),
            unit="fraction", message=text, suggests=(Cause.LABEL_SHIFT,) if mix.moved or alone else (),
            role=Role.EXPLAINS_LOSS,
            details={
                "z": mix.z, "recalibration_gain": mix.gain, "distance_within_classes": mix.distance,
                "decides": mix.explains or alone, "unseen_by_scores": mix.unseen,
            },
        )
    ]  # fmt: skip


def _lost_for_certain(context: CheckContext, now: LabelledRows, options: Options) -> bool:
    """Say whether performance fell by more than chance: what may be chance does not hold back what is certain."""
    from airmedic_core.checks import options_for

    name, chance = _fallen(context, now, options)
    return name is not None and chance < options_for(context.spec, "performance").watch_p_value


def _in_runs(context: CheckContext) -> bool:
    """Return whether labels come in such runs that no class has an unusual share."""
    import numpy as np

    from airmedic_core.measures.label_history import chance_by_blocks, label_history

    history = label_history(context)
    if history is None:
        return False
    now, before = history.now, history.before
    chances = [
        chance_by_blocks(
            float(np.mean(now == label)), float(np.mean(before == label)), history.blocks(label), len(now), len(before)
        )
        for label in np.unique(before)
    ]
    return min(chances) > _CERTAIN_MOVE


def _moved_for_certain(context: CheckContext, options: Options) -> bool:
    """Say whether the share of a class lies beyond all parts of the reference, by more than they vary."""
    import numpy as np

    from airmedic_core.measures.label_history import chance_of_share, label_history

    history = label_history(context)
    if history is None:
        return False
    for label in np.unique(history.before):
        share, past = history.shares(label)
        usual = float(np.mean(past))
        least = min(options.least_mix_change, usual / 2, (1.0 - usual) / 2)
        beyond = not min(past) <= share <= max(past) and abs(share - usual) >= least
        if beyond and chance_of_share(share, past, len(history.now), len(history.before)) < _CERTAIN_MOVE:
            return True
    return False


def _only_class(context: CheckContext, before: LabelledRows, now: LabelledRows) -> Finding | None:
    """Return a finding where all labels are of one class although the others should be among them."""
    import numpy as np

    from airmedic_core.measures.label_history import label_history

    classes = np.unique(now.labels)
    others = float(np.mean(before.labels != classes[0]))
    if len(classes) > 1 or others * len(now) < _MISSED:
        return None
    history = label_history(context)
    if history is not None and max(history.favourites()) > _NEARLY_ALL:
        # Events that come in runs leave whole windows to one class, which is usual for them.
        return None
    return Finding(
        "concept", context.spec.target, "one_class", Verdict.ALERT, value=1.0, baseline=1.0 - others,
        effect=others, sample_size=len(now), unit="fraction",
        message=f"All {len(now):,} labels are of one class where {percent(others)} were of others: "
        "they are incomplete, or joined wrongly.",
        suggests=(Cause.DATA_CORRUPTION,), role=Role.DATA_FAULT,
    )  # fmt: skip


def _parts(context: CheckContext, before: LabelledRows, now: LabelledRows, options: Options) -> list[Finding]:
    from airmedic_core.checks.concept.error_bias import bias_p_value
    from airmedic_core.measures.loss_by_inputs import bounded, mean_loss, take_apart, weighted_auc
    from airmedic_core.metrics import loss_name

    fallen, chance = _fallen(context, now, options)
    if fallen is None:
        return []
    # Rows add up to the area under the curve and to the mean loss; a loss of any other metric is told by the latter.
    name = fallen if fallen == "roc_auc" else loss_name(context.spec.task)
    parts = take_apart(context, bounded(before), bounded(now), weighted_auc if name == "roc_auc" else mean_loss)
    if parts.total <= 0:
        return []
    share = parts.relation / parts.total
    relation = parts.low > 0 and share >= options.least_share
    bias = bias_p_value(before, now)
    joint = together_by_chance(chance, bias)
    # What may be chance needs no reason; the sign of the errors may bear it out.
    unproven = relation and chance >= options.p_value and joint >= 2.0 * options.p_value
    text = (
        f"Of a loss of {parts.total:.3g} in {measure_name(name)}, {_remaining(parts.relation, parts.total)} "
        f"(95 % interval {parts.low:.3g} to {parts.high:.3g})"
    )
    if fallen != name:
        text = f"Performance fell in {measure_name(fallen)}. {text}"
    cause = Cause.CONCEPT_DRIFT if relation else Cause.HARMFUL_COVARIATE_SHIFT
    # Where the windows can hardly be told apart, their inputs cannot be the reason.
    if not relation and parts.separation < _ALIKE:
        cause, text = Cause.UNKNOWN, f"{text}, and the inputs hardly moved: more labels are needed."
    else:
        text += ": the inputs do not explain it." if relation else ": the move of the inputs explains it."
    if unproven:
        text += " It may be chance."
    return [
        Finding(
            "concept", "batch", "relation_loss", Verdict.ALERT if relation and not unproven else Verdict.OK,
            value=parts.relation,
            baseline=0.0, limit=options.least_share * parts.total, effect=share, sample_size=len(now), message=text,
            suggests=(cause,), role=Role.EXPLAINS_LOSS,
            details={
                "metric": name, "fallen": fallen, "total": parts.total, "inputs": parts.inputs, "low": parts.low,
                "high": parts.high, "separation": parts.separation, "bias_p_value": bias, "joint_p_value": joint,
                "decides": True,
            },
        )
    ]  # fmt: skip


def _remaining(relation: float, total: float) -> str:
    """Return what is left of a loss on the inputs that both windows have; it may be more than the loss.

    >>> _remaining(0.523, 0.486)
    'all of it remains (0.523 on the inputs that both windows share)'
    >>> _remaining(0.2, 0.486)
    '0.2 remain on inputs that both windows have'
    """
    if relation >= total:
        return f"all of it remains ({relation:.3g} on the inputs that both windows share)"
    return (
        f"{relation:.3g} remain on inputs that both windows have"
        if relation > 0
        else ("nothing remains on inputs that both windows have")
    )


def _fallen(context: CheckContext, now: LabelledRows, options: Options) -> tuple[str | None, float]:
    """Return the metric that fell most certainly, if one did, and how likely that is by chance."""
    from airmedic_core.checks import options_for
    from airmedic_core.measures.loss_change import compare, deciding_metrics

    limits = options_for(context.spec, "performance")
    most = options.p_value * (2.0 if context.only_window else 1.0)
    fallen: list[tuple[float, str]] = []
    for measure in deciding_metrics(context.spec):
        change = compare(
            context, now, measure, least_drop=limits.least_drop, least_relative_drop=limits.least_relative_drop
        )
        if change is not None and change.difference < -change.floor and change.p_value < most:
            fallen.append((change.p_value, measure.name))
    chance, name = min(fallen, default=(1.0, None))
    return name, chance


def _from_profile(context: CheckContext, now: LabelledRows, options: Options) -> list[Finding]:
    """Take the loss apart by score bins alone, where the reference's rows cannot be read any more."""
    import numpy as np

    from airmedic_core.metrics import loss_name, score_column

    whole = context.reference.whole.scores
    if whole is None or whole.labelled.sum() < _LEAST_ROWS or _fallen(context, now, options)[0] is None:
        return []
    bins = np.searchsorted(whole.scores.edges, score_column(now.scores), side="left")
    usual = float(whole.loss_totals.sum() / whole.labelled.sum())
    by_bin = (whole.loss_totals + _LENT_ROWS * usual) / (whole.labelled + _LENT_ROWS)
    expected, current = float(by_bin[bins].mean()), float(now.losses.mean())
    total, relation = current - usual, current - expected
    if total <= 0:
        return []
    changed = relation / total >= options.least_share
    name = loss_name(context.spec.task)
    return [
        Finding(
            "concept", "batch", "relation_loss", Verdict.ALERT if changed else Verdict.OK, value=relation,
            baseline=0.0, limit=options.least_share * total, effect=relation / total, sample_size=len(now),
            message=(
                f"The {measure_name(name)} rose by {total:.3g}; at equal scores it differs by {relation:+.3g}."
            ),
            suggests=(Cause.CONCEPT_DRIFT if changed else Cause.HARMFUL_COVARIATE_SHIFT,),
            role=Role.EXPLAINS_LOSS,
            details={"metric": name, "total": total, "inputs": expected - usual, "by": "score bins", "decides": True},
        )
    ]  # fmt: skip
