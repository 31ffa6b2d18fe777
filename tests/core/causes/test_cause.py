"""Each cause is complete, and a renamed cause reads what was written under its former name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import airmedic_core.causes.cause as table
from airmedic_core.causes import Cause, CauseKind, Severity
from airmedic_core.ledger import Ledger
from airmedic_core.records import Assessment, Batch, Incident, IncidentState
from airmedic_core.windows import Window

SOURCE = Path(table.__file__)

READ_BY_ANOTHER_TABLE = """
import importlib.util, json, sys

class Renamed:
    '''Finds the table with the renamed cause in place of the real one.'''

    def find_spec(self, name, path=None, target=None):
        if name == "airmedic_core.causes.cause":
            return importlib.util.spec_from_file_location(name, sys.argv[1])

sys.meta_path.insert(0, Renamed())

from airmedic_core.causes import Cause
from airmedic_core.ledger import Ledger
from airmedic_core.records import Incident, IncidentState, from_json

ledger = Ledger.open(sys.argv[2])
[incident] = ledger.incidents()
[seen] = ledger.batches("churn")
[opened] = [record for record in ledger.audit_records() if record.kind == "incident"]
ledger.verify_audit()
moved = ledger.move_incident(incident.id, IncidentState.ESCALATED)
print(json.dumps({
    "values": [cause.value for cause in Cause],
    "first_name": incident.cause.first_name,
    "incident": incident.cause.value,
    "assessed": seen.assessment.cause.value,
    "audited": from_json(Incident, opened.payload).cause.value,
    "moved": moved.cause.value,
}))
"""


def test_every_cause_has_its_words_and_the_unwell_ones_a_remedy() -> None:
    for cause in Cause:
        traits = cause.traits
        assert traits.headline, cause
        assert traits.title, cause
        assert traits.decided_by.endswith("."), cause
        assert ".md#" in traits.runbook, cause
        assert bool(traits.remedies) == (cause.kind is not CauseKind.HEALTHY), cause
        assert bool(traits.prevention) == cause.lies_in_data, cause


def test_the_first_remedy_of_a_cause_needs_no_condition() -> None:
    assert [cause for cause in Cause if cause.traits.remedies and cause.traits.remedies[0].condition] == []


def test_causes_in_the_data_are_looked_for_before_all_others() -> None:
    in_order = [cause.lies_in_data for cause in Cause]
    assert in_order == sorted(in_order, reverse=True)
    assert sum(in_order) == 5


def test_no_name_past_or_present_stands_for_two_causes() -> None:
    names = [name for cause in Cause for name in (cause.value, *cause.traits.former_names)]
    assert len(names) == len(set(names))


def test_a_name_that_no_cause_ever_had_is_refused() -> None:
    with pytest.raises(ValueError, match="gremlins"):
        Cause("gremlins")


def test_a_rename_touches_the_table_alone(tmp_path: Path) -> None:
    """What was written as ``unit_change`` is read as ``unit_conversion`` where the table says so."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    written = Cause("unit_change")
    start = datetime(2026, 2, 1, tzinfo=UTC)
    batch = Batch("churn", Window(start, start + timedelta(days=1)), start + timedelta(days=1), 100)
    ledger = Ledger.open(url)
    ledger.record_batch(batch, model_version="1")
    ledger.record_assessment(batch, Assessment(batch.id, "incident", written, Severity.HIGH, "A unit", "f"))
    opened = Incident("churn__1", "churn", IncidentState.OPEN, Severity.HIGH, written, "A unit", "f", batch.window,
                      batch.as_of, (batch.id,), batch.as_of)  # fmt: skip
    ledger.open_incident(opened)

    renamed = _with_another_name(SOURCE.read_text(encoding="utf-8"), "unit_change", "unit_conversion")
    (tmp_path / "cause.py").write_text(renamed, encoding="utf-8")
    (tmp_path / "read.py").write_text(READ_BY_ANOTHER_TABLE, encoding="utf-8")
    read = subprocess.run(
        [sys.executable, str(tmp_path / "read.py"), str(tmp_path / "cause.py"), url],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    answer = json.loads(read.stdout)
    assert "unit_change" not in answer.pop("values")
    assert answer.pop("first_name") == "unit_change"
    assert set(answer.values()) == {"unit_conversion"}


def _with_another_name(source: str, name: str, new_name: str) -> str:
    """Rename a cause as a person would: its name, and the one before among its former names."""
    start = source.index(f'"{name}",')
    entry = source.index("CauseTraits(", start) + len("CauseTraits(")
    return (
        f'{source[:start]}"{new_name}",{source[start + len(name) + 3 : entry]}former_names=("{name}",),{source[entry:]}'
    )
