"""Labels: whether those that have arrived are classes that the model knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext

_LEAST_UNKNOWN = 3
"""Rows: fewer labels of a class that is rare are chance."""
_SHOWN = 3
"""Names of unknown classes in a message."""


class Options(CheckOptions):
    """Says when labels count as another coding."""

    limit_fraction: float = Field(default=0.05, gt=0, le=1)
    """Share of the labels that may be none of the model's classes. A convention: one label in twenty."""


@final
class Labels(Check[Options]):
    """Says whether the labels that have arrived are classes that the model knows.

    A label that is none of them counts for no measure of performance. Where all are, performance would seem to be not
    known yet, however long one waits.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from airmedic_core.scoring import encode_labels
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(default=day["default"].map({0: "no", 1: "yes"})))

    Two sets of rows alone are compared before the checks run:

    >>> Labels().run(context, Options())
    []

    In monitoring, a version that was fitted on 0 and 1 serves:

    >>> answers = replace(context.scored, labels=encode_labels(context.spec, context.frame, (0, 1)))
    >>> [finding] = Labels().run(replace(context, scored=answers, only_window=False), Options())
    >>> print(f"{finding.verdict}: {finding.message}")
    alert: 100 % of the labels in default are no classes of the model, such as 'no', 'yes'.
    """

    group = "data"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Count known labels that have no place among the model's classes."""
        import numpy as np

        from airmedic_core.columns import category_name
        from airmedic_core.sources import known_labels

        spec, scored = context.spec, context.scored
        if context.only_window or scored is None or spec.target not in context.frame:
            return []
        known = np.asarray(known_labels(spec, context.frame, context.batch.as_of), dtype=bool)
        unknown = known & ~np.isfinite(scored.labels)
        count, rows = int(unknown.sum()), int(known.sum())
        if not rows:
            return []
        share = count / rows
        wrong = share > options.limit_fraction and count >= min(_LEAST_UNKNOWN, rows)
        names = sorted({category_name(label)[:40] for label in context.frame[spec.target][unknown].unique()})
        shown = ", ".join(map(repr, names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")
        what = "numbers" if spec.task == "regression" else "classes of the model"
        text = f"The labels in {spec.target} are {what}."
        if count:
            example = "" if spec.is_private(spec.target) else f", such as {shown}"
            text = f"{percent(share)} of the labels in {spec.target} are no {what}{example}."
        return [
            Finding(
                "labels", spec.target, "unknown_fraction", Verdict.ALERT if wrong else Verdict.OK, value=share,
                baseline=0.0, limit=options.limit_fraction, effect=share, sample_size=rows, unit="fraction",
                suggests=(Cause.SCHEMA_CHANGE,) if wrong else (), role=Role.DATA_FAULT, message=text,
            )
        ]  # fmt: skip
