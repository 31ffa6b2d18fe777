"""The rows of a window that was repaired: who reads them, how long they stand, and how their copies are kept."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airmedic_core.actions import rollback
from airmedic_core.errors import MissingColumnError
from airmedic_core.execution import undo
from airmedic_core.incident_lifecycle import lift_quarantine
from airmedic_core.monitor import context, is_recorded, resolve_batch
from airmedic_core.records import Batch
from airmedic_core.repair import (
    copies_of,
    end_repair,
    forget_copies,
    read_as_repaired,
    repair_on_record,
    repaired_window,
)
from airmedic_core.review import analyst
from airmedic_core.scoring import score_window
from airmedic_core.training.rows import usable_rows
from airmedic_core.watch import in_service, side_by_side
from airmedic_core.windows import Window
from tests.core.actions.damaged_day import DAMAGED, Held, deliver, look, same, sound
from tests.core.renewals import NOW, day


def test_the_champion_scores_the_repaired_rows_as_it_scores_sound_ones(held: Held, tmp_path: Path) -> None:
    damaged = score_window(held.ws, DAMAGED, tmp_path / "damaged.parquet").scores
    held.repaired()
    repaired = score_window(held.ws, DAMAGED, tmp_path / "repaired.parquet").scores
    deliver(held.ws, lambda rows: rows)
    expected = score_window(held.ws, DAMAGED, tmp_path / "sound.parquet").scores
    assert np.abs(damaged - expected).max() > 0.1, "the fault has to matter"
    np.testing.assert_allclose(repaired, expected, rtol=1e-9)


def test_a_later_delivery_ends_the_repair(held: Held) -> None:
    held.let_in()
    ws = held.ws
    assert not is_recorded(ws, DAMAGED), "rows that are announced anew have to be looked at"
    deliver(ws, lambda rows: rows)
    assert repaired_window(ws, DAMAGED) is None
    assert usable_rows(ws, DAMAGED)[1] == {"delivered anew since the repair": 60}, "nobody has seen the new ones"
    batch = resolve_batch(ws, window=DAMAGED, moment=day(43))
    assert repair_on_record(ws, DAMAGED) is None
    assert usable_rows(ws, DAMAGED)[1] == {"quarantined": 60}, "what is on record was found in the repaired rows"
    assert look(ws) != "incident"
    assert lift_quarantine(ws, batch)
    same(usable_rows(ws, DAMAGED)[0], sound())


def test_whoever_judges_versions_reads_the_repaired_rows(held: Held) -> None:
    held.let_in()
    ws = held.ws
    usage = sound()["usage"].to_numpy()
    # The incident's window is the newest on record: the day is the 41st of fifty, and no later one was looked at.
    probed, _ = in_service._newest_rows(ws, held.proposal)
    np.testing.assert_allclose(probed["usage"], usage, rtol=1e-11)
    recent = rollback._recent_rows(ws, held.proposal)
    np.testing.assert_allclose(recent["usage"], usage[-len(recent) :], rtol=1e-11)
    read = read_as_repaired(ws, DAMAGED, columns=["usage"])
    np.testing.assert_allclose(read["usage"], usage, rtol=1e-11)
    with pytest.raises(MissingColumnError, match="gone"):
        read_as_repaired(ws, DAMAGED, columns=["gone"])
    batch = Batch("renewals", DAMAGED, day(49), 60)
    champion = ws.registry.champion("renewals")
    both = champion, champion

    def everything(frame: pd.DataFrame, _: Batch) -> np.ndarray:
        return np.ones(len(frame), dtype=bool)

    losses, _ = side_by_side._losses(ws, both, batch, everything)
    reviewed: Any = SimpleNamespace(seen=SimpleNamespace(batch=batch))
    ((_, column),) = analyst._rows(ws, "usage", [reviewed])
    np.testing.assert_allclose(column["usage"], usage, rtol=1e-11)
    deliver(ws, lambda rows: rows)
    expected, _ = side_by_side._losses(ws, both, batch, everything)
    assert len(expected) == 60
    np.testing.assert_allclose(losses, expected, rtol=1e-6)


def test_labels_of_a_window_that_is_held_back_say_nothing_of_the_model(held: Held) -> None:
    later = Batch("renewals", Window(day(41), day(42)), day(43), 60)
    assert DAMAGED.key in context._damaged_before(held.ws, later)
    held.let_in()
    assert DAMAGED.key not in context._damaged_before(held.ws, later), "they are read as they were repaired"


def test_undone_later_the_window_is_read_as_it_arrived_and_kept_out(held: Held) -> None:
    held.let_in()
    assert usable_rows(held.ws, DAMAGED)[1] == {}
    assert undo(held.ws, held.proposal.hash, now=NOW).status == "undone"
    assert usable_rows(held.ws, DAMAGED)[1] == {"quarantined": 60}
    deliver(held.ws, lambda rows: rows)
    assert look(held.ws) != "incident"
    assert lift_quarantine(held.ws, resolve_batch(held.ws, window=DAMAGED, moment=day(43))), "a sound look lifts it"


def test_a_longer_window_holds_the_repaired_rows_at_their_time(held: Held) -> None:
    held.let_in()
    rows, left_out = usable_rows(held.ws, Window(day(38), day(43)))
    assert left_out == {}
    assert rows["at"].is_monotonic_increasing
    assert len(rows) == 5 * 60
    same(rows[(rows["at"] >= DAMAGED.start) & (rows["at"] < DAMAGED.end)], sound())


def test_of_a_sample_the_repaired_rows_are_as_large_a_share_as_the_others(held: Held) -> None:
    held.let_in()
    data = held.ws.spec.data.model_copy(update={"sample_rows": 60})
    ws = replace(held.ws, spec=held.ws.spec.model_copy(update={"data": data}))
    rows, left_out = usable_rows(ws, Window(day(38), day(43)), sampled=True)
    assert left_out == {}
    per_day = rows["at"].dt.floor("D").value_counts()
    # 60 of the 300 rows of five days: twelve of each, give or take the steps of the sample.
    assert len(per_day) == 5
    assert per_day.between(10, 14).all(), per_day


def test_copies_hold_whole_rows_and_are_kept_from_others_and_pruned_with_the_repair(held: Held) -> None:
    held.let_in()
    ws, home = held.ws, held.ws.settings.home
    (copy,) = copies_of(home, "renewals").glob("*.parquet")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (copy, copy.parent, home / "repaired")] == [
        0o600,
        0o700,
        0o700,
    ]
    assert forget_copies(ws.ledger, home, "renewals", before=DAMAGED.start) == 0
    end_repair(ws.ledger, "renewals", DAMAGED.key, author="bob")
    assert forget_copies(ws.ledger, home, "renewals", before=DAMAGED.start, dry_run=True) == 1
    assert copy.exists()
    assert forget_copies(ws.ledger, home, "renewals", before=DAMAGED.start) == 1
    assert not copy.exists()
