"""Scores: whether what the model answers has moved, and whether that looks like another class mix."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.profile import NumericProfile

_LEAST_SCORES = 10
"""Scores, then and now, below which nothing is said of where they lie."""
_LEAST_ROWS = 20
"""Rows below which scores that are missing or all the same may be chance."""
_MOST_MISSING = 0.2
"""Share of the rows without a score from which the model counts as failed, not as one that leaves out odd rows."""
_CONSTANT, _VARIED = 1e-9, 1e-6
"""Standard deviations: scores below the first are all the same, where those of the reference were above the second."""
_AT_ONCE = 10.0
"""A large move is an alert in its first window if it is so many times less likely than what is conspicuous."""
_FLOOR = 0.01
"""A difference of mean ranks up to here is of no interest, however certain."""
_LEAST_JUDGED, _ALL_LABELS = 20, 0.9
"""Labelled rows, as many as the check of performance asks for by default, and their share of the window, from which
performance is measured on all of it."""
_LEAST_LABELLED, _LEAST_OF_CLASS = 200, 50
"""Labelled rows of the reference, in all and of each class, that the distribution of its scores is taken from."""


class Options(CheckOptions):
    """Says when the scores count as moved."""

    p_value: float = Field(default=0.002, gt=0, lt=1)
    """Conspicuous below this, and an alert in the first window below a tenth of it. By chance once in 500 windows."""
    least_effect: float = Field(default=0.15, ge=0)
    """Smaller moves are of no interest: standard deviations. Between no effect and a small one (0.2; Cohen 1988)."""
    large_effect: float = Field(default=0.4, ge=0)
    """A move that is an alert in its first window. Twice a small effect by Cohen 1988."""


@final
class Scores(Check[Options]):
    """Says whether what the model answers has moved, and whether that looks like another class mix.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(risk=0.5 * day["risk"]), labels=False)
    >>> finding = Scores().run(context, Options())[0]
    >>> print(f"{finding.verdict}: {finding.message}")
    alert: The mean score is 0.159 where it was 0.315 (-0.76 standard deviations).
    """

    group = "drift"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Compare the scores with those of the reference and of the healthy windows since."""
        import numpy as np

        if context.scored is None or context.profile.scores is None or context.reference.whole.scores is None:
            return []
        findings = _unusable(context)
        now, whole = context.profile.scores.scores, context.reference.whole.scores.scores
        if findings or min(now.values, whole.values) < _LEAST_SCORES:
            return findings
        past = [
            profile.scores.scores
            for profile in context.past_profiles
            if profile.scores is not None and profile.scores.scores.values
        ]
        location, spread, p_value = _compare(now, whole, past)
        effect = location if abs(location) > abs(spread) else spread
        moved = p_value < options.p_value and abs(effect) >= options.least_effect
        before = context.seen_before("scores:batch:shift")
        again = before is not None and (before.effect or 0.0) * effect > 0
        verdict = Verdict.OK
        if moved and not _labels_tell(context):
            certain = abs(effect) >= options.large_effect and p_value < options.p_value / _AT_ONCE
            verdict = Verdict.ALERT if again or certain else Verdict.WATCH
        text = "The scores lie where they usually do."
        if moved:
            text = (
                f"The mean score is {now.mean:.3g} where it was {whole.mean:.3g} ({location:+.2f} standard deviations)."
            )
            if verdict is Verdict.OK:
                text += " The labels of these rows tell what that is worth."
        return [
            Finding(
                "scores", "batch", "shift", verdict, value=now.mean, baseline=whole.mean, limit=options.least_effect,
                effect=effect, p_value=p_value, sample_size=now.values, message=text,
                suggests=() if verdict is Verdict.OK else (Cause.HARMFUL_COVARIATE_SHIFT, Cause.LABEL_SHIFT),
                role=Role.SCORES_MOVED,
                details={"location": location, "spread": spread, "sd": float(np.nan_to_num(now.sd))},
            ),
            *_class_mix(context),
        ]  # fmt: skip


def _labels_tell(context: CheckContext) -> bool:
    """Return whether practically all rows of the window have a label, so that performance itself is measured.

    Where scores went is a sign of what it may cost, and no loss beside a performance that is as it was.
    """
    if context.scored is None:
        return False
    known = context.scored.known
    return int(known.sum()) >= max(_LEAST_JUDGED, _ALL_LABELS * len(known))


def _unusable(context: CheckContext) -> list[Finding]:
    """Scores that are missing or all the same are no answers, whatever the labels turn out to be."""
    import numpy as np

    from airmedic_core.metrics import score_column

    assert context.scored is not None and context.reference.whole.scores is not None  # noqa: S101, PT018  the caller has looked
    scores = context.scored.scores
    finite = np.isfinite(scores) if scores.ndim == 1 else np.isfinite(scores).all(axis=1)
    rows = len(scores)
    if rows < _LEAST_ROWS:
        return []
    new = context.earlier_version is not None
    lost = 1.0 - float(finite.mean())
    suggests = (Cause.BAD_DEPLOYMENT,) if new else (Cause.UNKNOWN,)
    if lost > _MOST_MISSING:
        return [
            Finding(
                "scores", "batch", "missing_fraction", Verdict.ALERT, value=lost, baseline=0.0, limit=_MOST_MISSING,
                effect=lost, sample_size=rows, unit="fraction", message=f"{percent(lost)} of the rows have no score.",
                suggests=suggests, role=Role.SCORES_MOVED,
            )
        ]  # fmt: skip
    values = score_column(scores)[finite]
    if values.std() < _CONSTANT and context.reference.whole.scores.scores.sd > _VARIED:
        return [
            Finding(
                "scores", "batch", "constant", Verdict.ALERT, value=float(values[0]), effect=1.0, sample_size=rows,
                message=f"The model answers {values[0]:.3g} for every row.", suggests=suggests,
                role=Role.SCORES_MOVED,
            )
        ]  # fmt: skip
    return []


def _compare(now: NumericProfile, whole: NumericProfile, past: list[NumericProfile]) -> tuple[float, float, float]:
    import numpy as np

    from airmedic_core.measures.column_statistics import RANKS_PER_SD, mid_ranks
    from airmedic_core.verdicts.moderated import moderated_z

    ranks = mid_ranks(whole.counts)
    weights = np.column_stack([ranks, np.abs(2.0 * ranks - 1.0)])
    unit = np.array([RANKS_PER_SD, 2 * RANKS_PER_SD])
    shares = whole.counts / whole.counts.sum()
    variance = shares @ weights**2 - (shares @ weights) ** 2

    def measure(column: NumericProfile) -> np.ndarray:
        means: np.ndarray = column.counts @ weights / max(int(column.counts.sum()), 1)
        return means

    history = np.array([measure(column) for column in past]).reshape(-1, 2)
    noise = np.array([variance / column.values for column in past]).reshape(-1, 2)
    result = moderated_z(
        history, noise, measure(now), variance / now.values, floor=_FLOOR, whole=measure(whole),
        whole_noise=variance / whole.values,
    )  # fmt: skip
    location, spread = (float(moved) for moved in result.difference / unit)
    return location, spread, float(min(1.0, 2.0 * np.nanmin(result.p_value)))


def _class_mix(context: CheckContext) -> list[Finding]:
    """Estimate the share of positives from the scores alone, by the scores' distribution in each class."""
    import numpy as np

    from airmedic_core.verdicts.mixture import fit_mixture

    whole, now = context.reference.whole.scores, context.profile.scores
    if context.spec.task != "binary" or whole is None or now is None or whole.labelled.sum() < _LEAST_LABELLED:
        return []
    positive = np.asarray(whole.label_totals, dtype=float)
    negative = np.asarray(whole.labelled, dtype=float) - positive
    if min(positive.sum(), negative.sum()) < _LEAST_OF_CLASS:
        return []
    fit = fit_mixture(now.scores.counts.astype(float), negative, positive)
    before = float(positive.sum() / whole.labelled.sum())
    return [
        Finding(
            "scores", context.spec.target, "estimated_positive_fraction", Verdict.OK, value=fit.share, baseline=before,
            effect=fit.share - before, sample_size=now.scores.values, unit="fraction",
            message=f"The scores alone fit {percent(fit.share)} positives, where the reference had {percent(before)}.",
            details={"distance_after_fit": fit.distance},
        )
    ]  # fmt: skip
