"""Repairs of rows: how a fault of the data is undone on a copy of them, and which windows were repaired."""

from airmedic_core.repair.consequences import expected_after
from airmedic_core.repair.on_record import (
    Repair,
    end_repair,
    read_as_repaired,
    repair_marks,
    repair_on_record,
    repaired_window,
    rows_digest,
    with_repaired,
)
from airmedic_core.repair.proposed import UNDONE_BY, repairable, steps_of, unrepairable
from airmedic_core.repair.steps import (
    Convert,
    DropRepeats,
    ExchangeColumns,
    MakeNull,
    RenameColumn,
    RenameValues,
    Step,
    TurnClock,
    apply_steps,
    row_hashes,
    step_from_json,
    step_to_json,
)

__all__ = [
    "UNDONE_BY",
    "Convert",
    "DropRepeats",
    "ExchangeColumns",
    "MakeNull",
    "RenameColumn",
    "RenameValues",
    "Repair",
    "Step",
    "TurnClock",
    "apply_steps",
    "end_repair",
    "expected_after",
    "read_as_repaired",
    "repair_marks",
    "repair_on_record",
    "repairable",
    "repaired_window",
    "row_hashes",
    "rows_digest",
    "step_from_json",
    "step_to_json",
    "steps_of",
    "unrepairable",
    "with_repaired",
]
