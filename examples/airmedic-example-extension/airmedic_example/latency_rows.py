"""More rows before latency alarms, where windows of few rows raised false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, final

from airmedic_core.checks import options_for
from airmedic_core.review.changes import Change
from airmedic_core.review.option import InQuestion, Suggestion, Value, witness
from airmedic_core.review.replay import ReviewedWindow

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

KEY = "checks.latency.min_rows"
FALSE_ALARMS_LEAST = 3
"""With fewer, the next one may be a real one as well."""


@final
class LatencyRows(Change):
    """Latency alarms on more rows than those of the false alarms."""

    order = 100

    def in_question(self, ws: Workspace, windows: Sequence[ReviewedWindow]) -> list[InQuestion]:
        """Return the least number of rows, where three alarms of latency or more were false."""
        judged = [window for window in windows if window.turned_out != "none" and _rows(window)]
        false = [_rows(window) for window in judged if window.turned_out == "false"]
        if len(false) < FALSE_ALARMS_LEAST:
            return []
        before = float(options_for(ws.spec, "latency").min_rows)
        witnesses = tuple(
            witness(
                KEY,
                "model",
                f"Latency alarmed on {_rows(window)} rows.",
                "real" if window.turned_out == "real" else "false",
                window=str(window.seen.batch.window),
                value=float(_rows(window)),
                source=f"ledger, batch {window.seen.batch.id}",
            )
            for window in judged
        )
        return [InQuestion(KEY, before, (float(max(false) + 1),), witnesses, partial(_play, judged, before))]


def _rows(window: ReviewedWindow) -> int:
    """Return how many rows the window's alarm of latency rests on; 0 where it has none."""
    return max((alarm.sample_size or 0 for alarm in window.alarms if alarm.check == "latency"), default=0)


def _play(judged: Sequence[ReviewedWindow], before: float, value: Value) -> Suggestion:
    silenced = [window for window in judged if _rows(window) < float(value)]
    spared = tuple(str(window.seen.batch.window) for window in silenced if window.turned_out == "false")
    missed = tuple(str(window.seen.batch.window) for window in silenced if window.turned_out == "real")
    kept = sum(window.turned_out == "real" for window in judged) - len(missed)
    effect = f"{len(spared)} false alarms of latency would not have been raised, and {kept} real ones would have been."
    return Suggestion(KEY, before, value, len(judged), spared, missed, kept, effect)
