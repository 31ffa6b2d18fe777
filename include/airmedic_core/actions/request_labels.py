"""Asks people for the labels that would decide what happened: the rows as a file, which comes back filled in."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, final

from airmedic_core.actions.contract import Action, Part
from airmedic_core.errors import ActionError
from airmedic_core.records import Batch, Diagnosis, Finding, Incident, Json, Proposal, Role, Verdict
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

_MOST_ROWS = 300
"""Labels that people are asked for at once: with a minute for each, an afternoon."""
_ID, _SAID = "row", "model_says"
"""Columns of the file beside those of the rows."""
_OWN = "_of_the_rows"
"""Follows the name of a column of the rows that is called like one of these."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Says what a spreadsheet takes for the beginning of a formula; as OWASP lists them for CSV injection."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@final
class RequestLabels(Action):
    """Asks people for the labels that would decide what happened.

    Where a loss can neither be seen nor be ruled out because labels are missing, "300 labels would decide it" becomes a
    task: a file with the most telling rows, to be filled in. ``airmedic labels`` takes it back, and the window is
    looked at and diagnosed again.
    """

    description = "Hands out the rows whose labels would decide what happened."
    changes_production = False
    imperative = "Ask for labels of"
    infinitive = "ask for labels"
    choice = "Ask for labels"
    of_window = True
    asks_for_labels = True
    part = Part.NOTICE

    def called_for(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis) -> bool:
        """Ask before people have to look without labels at what no rule explains."""
        if diagnosis.cause.is_specific:
            return False
        batch = newest_batch(ws, incident)
        return batch is not None and _missing(ws, batch) is not None

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Choose the rows of the incident's newest batch, evenly over what the model says of them."""
        import numpy as np

        from airmedic_core.asked_labels import answered_rows, answers_elsewhere, row_ids, telling_rows
        from airmedic_core.scoring import score
        from airmedic_core.sources import known_labels

        batch = newest_batch(ws, incident)
        if batch is None:
            raise ActionError("No batch of the incident was looked at.", "Have the window looked at first.")
        rows = _rows(ws, batch.window)
        unknown = ~np.asarray(known_labels(ws.spec, rows, batch.as_of), dtype=bool)
        ids = row_ids(ws.spec, rows).astype(str)
        unknown &= ~answered_rows(ws, batch.window, rows) & ~np.isin(ids, list(answers_elsewhere(ws, batch.window)))
        missing = _missing(ws, batch)
        wanted = min(int(missing.limit or _MOST_ROWS) if missing else _MOST_ROWS, _MOST_ROWS)
        scored = score(ws, ws.registry.champion(ws.spec.name), rows, batch)
        chosen = telling_rows(scored.scores, unknown, wanted)
        if not len(chosen):
            raise ActionError(f"All labels of {batch.window} are known.", "There is nothing to ask for.")
        params: Json = {
            "window": batch.window.key,
            "as_of": batch.as_of.isoformat(),
            "count": len(chosen),
            "rows": sorted(map(str, ids[chosen])),
        }
        return params, f"{len(chosen)} labels of {batch.window} tell whether the model lost performance there."

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say how many rows would be handed out."""
        return f"{params['count']} rows of {Window.from_key(params['window'])} would be handed out to be labelled."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Write the file."""
        place = file_of(ws, proposal)
        handed = handed_out(ws, proposal)
        if len(handed) < len(proposal.params["rows"]):
            raise ActionError(
                f"{len(proposal.params['rows']) - len(handed)} of the rows are not in {proposal.params['window']} any"
                " more.",
                "They were delivered anew. Decide again.",
            )
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = place.with_suffix(".part")
        for_spreadsheets(handed).to_csv(unfinished, index=False)
        unfinished.replace(place)
        count, target = len(handed), target_column(ws.spec)
        return {
            "summary": f"{count} rows are in {place.name}, to be filled in under {target} and returned.",
            "file": str(place),
            "count": count,
            "window": proposal.params["window"],
        }

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Read the file back."""
        import pandas as pd

        place = file_of(ws, proposal)
        if not place.exists():
            return [f"The file {place.name} is not there."]
        same = sorted(pd.read_csv(place, usecols=[_ID], dtype=str)[_ID]) == sorted(proposal.params["rows"])
        return [] if same else [f"The file {place.name} holds other rows."]

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Remove the file."""
        file_of(ws, proposal).unlink(missing_ok=True)
        return "The file is removed."


def file_of(ws: Workspace, proposal: Proposal) -> FilePath:
    """Return where the rows of a request are handed out."""
    name = f"{proposal.params['window']}__{proposal.hash[:12]}.csv"
    return ws.settings.home / "labels" / ws.spec.name / name


def handed_out(ws: Workspace, proposal: Proposal) -> pd.DataFrame:
    """Return the rows of a request as they are handed out: with id, what the model says, and an empty target.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        The request.
    """
    import numpy as np

    from airmedic_core.asked_labels import row_ids
    from airmedic_core.scoring import score

    rows = _rows(ws, Window.from_key(proposal.params["window"]))
    ids = row_ids(ws.spec, rows)
    asked = np.isin(ids.astype(str), proposal.params["rows"])
    scored = score(ws, ws.registry.champion(ws.spec.name), rows)
    hidden = [ws.spec.target, ws.spec.label_time_column, *(name for name in rows if ws.spec.is_private(str(name)))]
    shown = rows.drop(columns=[name for name in hidden if name in rows])
    shown = shown.rename(columns={name: f"{name}{_OWN}" for name in (_ID, _SAID) if name in shown})
    shown = shown.assign(**{_SAID: [str(said) for said in scored.predicted], target_column(ws.spec): ""})
    shown.insert(0, _ID, ids)
    return shown[asked].sort_values(_ID).reset_index(drop=True)


def target_column(spec: ModelSpec) -> str:
    """Return the column of the file that is to be filled in."""
    return f"{spec.target}{_OWN}" if spec.target in {_ID, _SAID} else spec.target


def for_spreadsheets(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which no text and no column's name is a formula to a spreadsheet: an apostrophe comes before it.

    >>> import pandas as pd
    >>> for_spreadsheets(pd.DataFrame({"=a": ["=1+1", "-3", "@b", "c"], "n": [-1, -2, -3, -4]})).to_dict("list")
    {"'=a": ["'=1+1", '-3', "'@b", 'c'], 'n': [-1, -2, -3, -4]}
    """
    import pandas as pd

    safe = {
        place: column if pd.api.types.is_numeric_dtype(column.dtype) else column.astype(object).map(_as_text)
        for place, (_, column) in enumerate(rows.items())
    }
    return pd.DataFrame(safe, index=rows.index).set_axis([_as_text(name) for name in rows], axis=1)


def _as_text(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def _rows(ws: Workspace, window: Window) -> pd.DataFrame:
    from airmedic_core.repair import read_as_repaired

    return read_as_repaired(ws, window)


def newest_batch(ws: Workspace, incident: Incident) -> Batch | None:
    """Return the newest batch of an incident; None where none of the model's last ones is of it."""
    seen = ws.ledger.batches(incident.model)
    return next((known.batch for known in seen if known.batch.id in incident.batch_ids), None)


def _missing(ws: Workspace, batch: Batch) -> Finding | None:
    """Return the finding that says which labels would decide about a loss."""
    return next(
        (
            finding
            for finding in ws.ledger.findings(batch.id)
            if finding.role is Role.LOSS and finding.verdict is Verdict.UNKNOWN and finding.details.get("not_knowable")
        ),
        None,
    )
