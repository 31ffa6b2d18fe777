"""Thresholds that raised false alarms move just above them, where no real alarm would be missed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, final

from airmedic_core.diagnose.wording import counted, measure_name
from airmedic_core.records import Evidence
from airmedic_core.review.changes import Change
from airmedic_core.review.option import InQuestion, Suggestion, TurnedOut, Value, witness
from airmedic_core.review.replay import ReviewedWindow, silenced, strengths

if TYPE_CHECKING:
    from airmedic_core.checks import Threshold
    from airmedic_core.workspace import Workspace

FALSE_ALARMS_LEAST = 3
"""False alarms before a threshold is in question at all."""
_MOST_OPTIONS = 4


@final
class Thresholds(Change):
    """Thresholds that raised false alarms move just above them, where no real alarm would be missed."""

    order = 10

    def in_question(self, ws: Workspace, windows: Sequence[ReviewedWindow]) -> list[InQuestion]:
        """Return the thresholds with three false alarms or more, with the values just above some of them."""
        from airmedic_core.checks import CHECKS, running

        movable = [threshold for name in running(ws.spec) for threshold in CHECKS.member(name).thresholds]
        asked = [_asked(ws, threshold, windows) for threshold in movable]
        return [question for question in asked if question is not None]


def _asked(ws: Workspace, threshold: Threshold, windows: Sequence[ReviewedWindow]) -> InQuestion | None:
    before = _current(ws, threshold)
    if before is None:
        return None
    strongest = {
        window.seen.batch.id: max(measured) for window in windows if (measured := strengths(window, threshold, before))
    }
    judged = [window for window in windows if window.seen.batch.id in strongest and window.turned_out != "none"]
    false = [strongest[window.seen.batch.id] for window in judged if window.turned_out == "false"]
    if len(false) < FALSE_ALARMS_LEAST:
        return None
    above = {_just_above(strength) for strength in false}
    bounded = [after for after in sorted(above, reverse=True) if before < after <= before * threshold.most_factor]
    return InQuestion(
        threshold.key,
        before,
        tuple(bounded[:_MOST_OPTIONS]),
        tuple(_witness(threshold, window, strongest[window.seen.batch.id]) for window in judged),
        partial(_play, threshold, windows, strongest, before),
    )


def _play(
    threshold: Threshold, windows: Sequence[ReviewedWindow], strongest: dict[str, float], before: float, value: Value
) -> Suggestion:
    after = float(value)
    real = [window for window in windows if window.turned_out == "real" and window.seen.batch.id in strongest]
    missed = [str(window.seen.batch.window) for window in real if strongest[window.seen.batch.id] < after]
    spared = [
        str(window.seen.batch.window)
        for window in windows
        if window.turned_out == "false" and silenced(window, threshold, before, after)
    ]
    kept = len(real) - len(missed)
    effect = (
        f"{counted(len(spared), 'false alarm')} of the last {counted(len(windows), 'window')} would not have been "
        f"raised ({', '.join(spared[:5])}), and none of the {kept} real ones would have been missed."
    )
    return Suggestion(threshold.key, before, after, len(windows), tuple(spared), tuple(missed), kept, effect)


def _witness(threshold: Threshold, window: ReviewedWindow, strength: float) -> Evidence:
    turned_out: TurnedOut = "real" if window.turned_out == "real" else "false"
    verdict = "a real one" if turned_out == "real" else "false"
    when = str(window.seen.batch.window)
    return witness(
        threshold.key,
        "model",
        f"The alarm of {measure_name(threshold.check)} in {when} measured {strength:.4g} and turned out {verdict}.",
        turned_out,
        window=when,
        value=strength,
        source=f"ledger, batch {window.seen.batch.id}",
    )


def _current(ws: Workspace, threshold: Threshold) -> float | None:
    """Return the threshold's value now, or nothing where it is switched off."""
    from airmedic_core.checks import options_for

    value = getattr(options_for(ws.spec, threshold.check), threshold.option, None)
    return float(value) if value else None


def _just_above(strength: float) -> float:
    """Return the next larger number with two significant digits: a threshold that people can read."""
    step = 10.0 ** (math.floor(math.log10(strength)) - 1) if strength > 0 else 0.01
    return round((math.floor(strength / step) + 1) * step, 12)
