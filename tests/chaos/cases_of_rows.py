"""Actions that write rows beside the data: made ones, repaired ones, and those that people are to label."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.acquired_rows import stored_files
from airmedic_core.actions import ACTIONS
from airmedic_core.checks import GROUPS
from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.incident_lifecycle import open_incident
from airmedic_core.monitor import assess, check_batch, resolve_batch
from airmedic_core.records import Batch, Cause, Diagnosis, Proposal, RankedCause, Severity
from airmedic_core.repair import copies_of
from airmedic_core.training.adopt import adopt
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.chaos.case import Case, Effects, overridden, planned, trained
from tests.core.renewals import NOW, approved, day, incident_of, renewals

if TYPE_CHECKING:
    import pandas as pd

MOVED_ON = 50
DAMAGED = Window(day(40), day(41))
ASKED = Window(day(33), day(34))


def _adopted(ws: Workspace) -> None:
    adopt(ws, by="anna")


def _looked_at(ws: Workspace, window: Window, *, at: Any) -> Batch:
    batch = resolve_batch(ws, window=window, moment=at, as_of=at)
    for group in GROUPS:
        check_batch(ws, batch, group)
    assess(ws, batch)
    return batch


def _moved_rows() -> pd.DataFrame:
    """Return rows whose inputs move on a day, of which no label is known."""
    rows = renewals()
    late = rows["at"] >= day(MOVED_ON)
    blank = {"churned": rows["churned"].astype(float).where(~late), "known_at": rows["known_at"].where(~late)}
    return rows.assign(usage=rows["usage"] + 1.0 * late, **blank)


def _acquired(ws: Workspace) -> Proposal:
    cause = Cause.HARMFUL_COVARIATE_SHIFT
    incident = incident_of(ws, MOVED_ON, cause)
    diagnosis = Diagnosis(
        incident.id, "rules", (RankedCause(cause, 0.9),), Severity.HIGH, "Inputs moved.", (), "0" * 64
    )
    return approved(ws, incident, "acquire_data", ACTIONS.member("acquire_data").plan(ws, incident, diagnosis)[0])


def _made(ws: Workspace, proposal: Proposal, world: Path) -> Effects:
    return trained(ws, proposal, world) | {"files": _files(stored_files(ws))}


def _converted_rows() -> pd.DataFrame:
    """Return rows of which one day comes with a column in cents."""
    rows = renewals(days=50)
    inside = (rows["at"] >= DAMAGED.start) & (rows["at"] < DAMAGED.end)
    return rows.assign(tenure=rows["tenure"].where(~inside, rows["tenure"] * 100))


def _repair(ws: Workspace) -> Proposal:
    batch = _looked_at(ws, DAMAGED, at=day(43))
    incident = open_incident(ws, batch, now=NOW)
    collect_evidence(ws, incident.id)
    standing = diagnose(ws, incident.id)
    return approved(ws, incident, "repair", ACTIONS.member("repair").plan(ws, incident, standing)[0])


def _repaired(ws: Workspace, proposal: Proposal, world: Path) -> Effects:
    return overridden("repaired")(ws, proposal, world) | {"files": _files(copies_of(ws.settings.home, ws.spec.name))}


def _unlabelled_rows() -> pd.DataFrame:
    """Return rows whose relation changes on a day, and of which no label ever arrives."""
    rows = renewals(days=34, per_day=240, changed_on=31)
    late = rows["at"] >= day(31)
    return rows.assign(churned=rows["churned"].astype(float).where(~late), known_at=rows["known_at"].where(~late))


def _without_labels(ws: Workspace) -> None:
    adopt(ws, by="anna")
    _looked_at(ws, ASKED, at=day(36))


def _asked(ws: Workspace, proposal: Proposal, world: Path) -> Effects:
    import pandas as pd

    folder = ws.settings.home / "labels" / ws.spec.name
    written = [pd.read_csv(place, dtype=str) for place in folder.glob("*.csv")]
    asked = [sorted(rows["row"]) == sorted(proposal.params["rows"]) for rows in written]
    return {"files": _files(folder), "as approved": asked}


def _files(folder: Path) -> int:
    """Return how many files a folder holds, also those that nobody has finished."""
    return sum(place.is_file() for place in folder.rglob("*"))


OF_ROWS: dict[str, Case] = {
    "acquire_data": Case(
        _acquired,
        _made,
        {"versions": 1, "champion": "1", "challenger": "2", "files": 1},
        writes_to_mlflow=True,
        rows=_moved_rows,
        arrange=_adopted,
    ),
    "repair": Case(_repair, _repaired, {"holds": 1, "written": 1, "files": 1}, rows=_converted_rows, arrange=_adopted),
    "request_labels": Case(
        planned("request_labels", 33, Cause.UNKNOWN),
        _asked,
        {"files": 1, "as approved": [True]},
        rows=_unlabelled_rows,
        arrange=_without_labels,
    ),
}
