"""Three false alarms of latency on few rows ask for more rows; a real one on as few is not given away."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from airmedic_example.latency_rows import KEY, LatencyRows

from airmedic.testing.production import day, renewals, workspace
from airmedic_core.ledger import ObservedBatch
from airmedic_core.records import Batch, Finding, Verdict
from airmedic_core.review.replay import ReviewedWindow
from airmedic_core.windows import Window


def alarmed(number: int, rows: int, turned_out: Literal["real", "false"]) -> ReviewedWindow:
    window = Window(day(number), day(number + 1))
    batch = Batch("renewals", window, window.end, rows)
    slow = Finding("latency", "batch", "p99", Verdict.ALERT, value=1_400.0, sample_size=rows)
    return ReviewedWindow(ObservedBatch(batch, "1", None, None), (slow,), turned_out)


def test_it_asks_for_one_row_more_than_the_largest_false_alarm_had(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals(days=2))
    false = [alarmed(number, rows, "false") for number, rows in enumerate((22, 31, 25))]
    assert LatencyRows().in_question(ws, false[:2]) == []
    (question,) = LatencyRows().in_question(ws, [*false, alarmed(3, 400, "real")])
    suggestion = question.play(question.options[0])
    # 20 rows are the default of the check; 31 is the most that a false alarm rests on.
    assert (question.key, question.before, question.options) == (KEY, 20.0, (32.0,))
    assert (len(suggestion.spared), suggestion.missed, suggestion.kept, suggestion.holds) == (3, (), 1, True)


def test_it_does_not_hold_where_a_real_alarm_would_be_missed(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals(days=2))
    windows = [alarmed(number, 30, "false") for number in range(3)]
    (question,) = LatencyRows().in_question(ws, [*windows, alarmed(3, 28, "real")])
    assert not question.play(question.options[0]).holds
