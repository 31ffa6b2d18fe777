"""Acquired rows on disk: one copy for each proposal, which a training takes only under its hash.

They lie beside the production, never in it: no source reads them, so that no check, no reference and no evaluation can
meet them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.acquired_rows.interpolate import MARK
from airmedic_core.errors import AirmedicError, TrainingError
from airmedic_core.records import Json
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.acquired_rows.acquire import AcquiredRows
    from airmedic_core.ledger import Ledger
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

ACQUIRED = "acquired"
"""Key among the parameters of a training: ``file`` and ``sha256`` of the rows that it learns from beside the real ones.
A training whose parameters lack it uses none."""
_MOST_INCIDENTS = 1_000
"""Open incidents whose copies are kept. A model has one or two."""


def stored_files(ws: Workspace) -> Path:
    """Return the folder of a model's acquired rows."""
    return ws.settings.home / "acquired" / ws.spec.name


def store_rows(ws: Workspace, rows: AcquiredRows, name: str) -> Json:
    """Write rows as a copy of their own, and return what a training needs to use them: file, hash, and what they are.

    Parameters
    ----------
    ws : Workspace
        The model.
    rows : AcquiredRows
        The rows.
    name : str
        Name of the file, without its ending. Written twice, it holds the same.
    """
    place = stored_files(ws) / f"{name}.parquet"
    # Whole rows, private columns included. A mode is not handed down to the folders on the way.
    for folder in (place.parent.parent, place.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    unfinished = place.with_suffix(".part")
    unfinished.touch(mode=0o600)
    rows.frame.to_parquet(unfinished, index=False)
    unfinished.replace(place)
    return {"file": place.name, "sha256": _sha256(place), **rows.to_json()}


def stored_rows(ws: Workspace, acquired: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows that a training names.

    Parameters
    ----------
    ws : Workspace
        The model.
    acquired : mapping
        ``file`` and ``sha256``.

    Raises
    ------
    TrainingError
        If they are not there, or not as they were stored. A retry does not help.
    """
    import pandas as pd

    place = stored_files(ws) / Path(str(acquired["file"])).name
    if not place.exists():
        raise TrainingError(f"The acquired rows {place.name} are not there any more.", "Decide again.")
    if _sha256(place) != acquired["sha256"]:
        raise TrainingError(f"The acquired rows {place.name} are not as they were stored.", "Decide again.")
    return pd.read_parquet(place)


def joined(spec: ModelSpec, rows: pd.DataFrame, acquired: pd.DataFrame) -> pd.DataFrame:
    """Return real rows and acquired ones under each other, marked in a column.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    rows, acquired : pandas.DataFrame
        The rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from airmedic_core.spec import parse_spec
    >>> spec = parse_spec({"name": "a", "task": "regression", "target": "y", "data": {"path": "f", "time_column": "t"}})
    >>> made = pd.DataFrame({"x": [1.5], "y": [3.0], "airmedic_acquired": [True], "airmedic_label_from": ["teachers"]})
    >>> joined(spec, pd.DataFrame({"x": [1], "y": [2]}), made).to_dict("list")
    {'x': [1.0, 1.5], 'y': [2.0, 3.0], 'airmedic_acquired': [False, True]}
    """
    import pandas as pd

    real = rows.assign(**{MARK: False})
    made = acquired[[name for name in real.columns if name in acquired.columns]].copy()
    if spec.task != "regression":
        made[spec.target] = made[spec.target].astype(rows[spec.target].dtype)
    return pd.concat([real, made], ignore_index=True)


def forget(ws: Workspace, name: str) -> bool:
    """Remove stored rows, and return whether there were any."""
    place = stored_files(ws) / f"{name}.parquet"
    there = place.exists()
    place.unlink(missing_ok=True)
    return there


def stored_name(window_key: str, proposal_hash: str) -> str:
    """Return the name of the rows that a proposal makes after those of a window."""
    return f"{window_key}__{proposal_hash[:12]}"


def forget_old(ledger: Ledger, home: Path, model: str, *, before: datetime, dry_run: bool = False) -> int:
    """Remove the copies whose window ended before a moment, except those of open incidents; return how many.

    Parameters
    ----------
    ledger : Ledger
        The records.
    home : Path
        Where local state is kept.
    model : str
        The model.
    before : datetime
        The moment.
    dry_run : bool
        Whether to count them only.
    """
    folder = home / "acquired" / model
    if not folder.is_dir():
        return 0
    still_open = ledger.incidents(model, open_only=True, limit=_MOST_INCIDENTS)
    kept = {proposal.hash[:12] for incident in still_open for proposal in ledger.proposals(incident.id)}
    old = []
    for place in sorted(folder.iterdir()):
        window_key, _, proposal = place.stem.partition("__")
        try:
            window = Window.from_key(window_key)
        except AirmedicError:
            # It is not of Airmedic's making.
            continue
        if window.end < before and proposal not in kept:
            old.append(place)
    for place in old if not dry_run else ():
        place.unlink(missing_ok=True)
    return len(old)


def _sha256(place: Path) -> str:
    return hashlib.sha256(place.read_bytes()).hexdigest()
