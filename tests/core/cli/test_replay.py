from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from airmedic_core.ledger import Ledger
from airmedic_core.settings import Settings

Airmedic = Callable[..., tuple[int, str, str]]


def test_past_windows_are_looked_at_in_order_and_open_no_incident(spec: Path, rows: Path, airmedic: Airmedic) -> None:
    frame = pd.read_csv(rows)
    # One day brings nothing.
    frame[~frame["seen_at"].str.startswith("2026-02-12")].to_csv(rows, index=False)
    assert airmedic("adopt", "--model", "customers")[0] == 0
    code, out, err = airmedic("replay", "--model", "customers", "--from", "2026-02-10", "--to", "2026-02-14")
    assert code == 0, err
    lines = out.splitlines()
    assert [line.split()[1].rstrip(":") for line in lines[:4]] == [f"2026-02-{day}" for day in (10, 11, 12, 13)]
    assert lines[2].startswith("incident")
    assert "0 rows" in lines[2]
    assert lines[-1] == "4 windows of one day looked at. No incident was opened."
    ledger = Ledger.open(Settings.from_env().ledger_url, create=False)
    seen = [past for past in ledger.batches("customers", limit=10) if past.assessment]
    # Each with the labels that were known at its end, and never with those of today.
    assert sorted(past.batch.window.start.day for past in seen) == [10, 11, 12, 13]
    assert all(past.batch.as_of == past.batch.window.end for past in seen)
    assert not ledger.incidents("customers")


def test_a_span_without_rows_ends_in_one(spec: Path, airmedic: Airmedic) -> None:
    airmedic("adopt", "--model", "customers")
    code, out, _ = airmedic("replay", "--model", "customers", "--from", "2030-01-01", "--to", "2030-01-03")
    assert code == 1
    assert "0 windows" in out
