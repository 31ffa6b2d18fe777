"""Windows twice as long, where short ones raised false alarms: the checks are run again on the longer windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, final

from airmedic_core.diagnose.wording import counted
from airmedic_core.errors import AirmedicError
from airmedic_core.records import Batch, Evidence
from airmedic_core.review.changes import Change
from airmedic_core.review.option import InQuestion, Suggestion, TurnedOut, Value, witness
from airmedic_core.review.replay import ReviewedWindow
from airmedic_core.windows import Every, Window
from airmedic_core.workspace import with_settings

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

KEY = "window.every"
FALSE_ALARMS_LEAST = 3
_FACTOR = 2
_MOST_WINDOWS = 12
"""Windows whose rows are checked again, newest first; with more real alarms than that, length is not in question."""


@final
class WindowLength(Change):
    """The checks are run again on the longer windows."""

    order = 30

    def in_question(self, ws: Workspace, windows: Sequence[ReviewedWindow]) -> list[InQuestion]:
        """Return the length of windows, where three or more of the present length raised false alarms."""
        judged = [window for window in windows if window.turned_out != "none"]
        false = [window for window in judged if window.turned_out == "false"]
        if len(false) < FALSE_ALARMS_LEAST or len(judged) > _MOST_WINDOWS:
            return []
        step = ws.spec.window.step
        longer = str(Every(step.count * _FACTOR, step.unit))
        witnesses = tuple(_witness(window) for window in judged)
        return [InQuestion(KEY, str(step), (longer,), witnesses, partial(_play, ws, judged), dear=True)]


def _play(ws: Workspace, judged: Sequence[ReviewedWindow], value: Value) -> Suggestion:
    """Run all checks on the longer windows around each alarm, without recording anything."""
    step, before = Every.parse(str(value)), str(ws.spec.window.step)
    changed = replace(ws, spec=with_settings(ws.spec, {KEY: str(value)}))
    spared, missed, kept = [], [], 0
    for window in judged:
        shown = str(window.seen.batch.window)
        alarmed = _alarms(changed, _around(step, window.seen.batch.window), window.seen.batch)
        if window.turned_out == "false" and alarmed is False:
            spared.append(shown)
        elif window.turned_out == "real" and not alarmed:
            missed.append(shown)
        elif window.turned_out == "real":
            kept += 1
    effect = (
        f"the checks, run again on the longer windows, would not have raised {counted(len(spared), 'false alarm')} "
        f"({', '.join(spared[:5])}), and would have missed none of the {kept} real ones. "
        f"What goes wrong is then seen up to one {before} later."
    )
    return Suggestion(KEY, before, str(value), len(judged), tuple(spared), tuple(missed), kept, effect)


def _around(step: Every, window: Window) -> Window:
    start = step.floor(window.start)
    return Window(start, step.shift(start, 1))


def _alarms(ws: Workspace, window: Window, shorter: Batch) -> bool | None:
    """Return whether a window would have opened an incident; nothing where its rows cannot be looked at any more."""
    from airmedic_core.assess import weigh
    from airmedic_core.checks import run_group
    from airmedic_core.monitor.context import open_context
    from airmedic_core.sources import read_window

    try:
        rows = len(read_window(ws.spec, window, columns=[]))
        batch = Batch(shorter.model, window, max(window.end, shorter.as_of), rows)
        context = open_context(ws, batch)
        findings = [
            *run_group(context, "data"),
            *run_group(context, "drift"),
            *run_group(context, "performance"),
        ]
    except AirmedicError:
        return None
    return weigh(batch, findings).outcome == "incident"


def _witness(window: ReviewedWindow) -> Evidence:
    turned_out: TurnedOut = "real" if window.turned_out == "real" else "false"
    shown, rows = str(window.seen.batch.window), window.seen.batch.rows
    verdict = "a real one" if turned_out == "real" else "false"
    return witness(
        KEY,
        "batch",
        f"The alarm in {shown}, a window of {counted(rows, 'row')}, turned out {verdict}.",
        turned_out,
        window=shown,
        value=float(rows),
        source=f"ledger, batch {window.seen.batch.id}",
    )
