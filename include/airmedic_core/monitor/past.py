"""Says what is kept of each window besides the ledger: its profile and the facts of its rows, as one small file."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import AirmedicError
from airmedic_core.records import Batch, Json, from_json, to_json
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.comparison import PastWindow, RowFacts
    from airmedic_core.profile import Profile, Reference
    from airmedic_core.settings import Settings
    from airmedic_core.workspace import Workspace

_KEPT_WINDOWS = 60

_SUFFIX = ".json.gz"

_MOST_BYTES = 256_000_000
"""Size of a kept window once it is unpacked. A profile of 5,000 columns has some 30 MB."""


_DAMAGED = (AirmedicError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError)
"""Says what reading raises where a file holds other JSON than was written. Such a window has no history."""


def window_file(settings: Settings, batch: Batch) -> Path:
    """Return where a window's profile and facts are kept."""
    return settings.home / "windows" / batch.model / f"{batch.window.key}{_SUFFIX}"


def keep_window(settings: Settings, batch: Batch, version: str, profile: Profile, facts: RowFacts) -> Path:
    """Write a window's profile and facts; another task that reads them sees all or nothing.

    Parameters
    ----------
    settings : Settings
        Where local state is kept.
    batch : Batch
        The batch of the window.
    version : str
        The version whose reference the profile's edges come from.
    profile : Profile
        The window's profile.
    facts : RowFacts
        What only its rows show.
    """
    path = window_file(settings, batch)
    _write(
        path,
        {
            "version": version,
            "edges": profile.edges.id,
            "profile": profile.to_json(edges=False),
            "facts": to_json(facts),
        },
    )
    return path


def kept_profile(settings: Settings, batch: Batch, reference: Reference) -> Profile | None:
    """Return the profile of a window; nothing where none is kept here, or it is on the edges of another reference.

    Parameters
    ----------
    settings : Settings
        Where local state is kept.
    batch : Batch
        The batch of the window.
    reference : Reference
        The reference on whose edges the profile must be.
    """
    return _kept(window_file(settings, batch), reference)[0]


def kept_columns(settings: Settings, batch: Batch) -> dict[str, Json]:
    """Return what is kept of a window's columns, whatever its edges: rows, nulls, sums and ends, by column."""
    plain = _read(window_file(settings, batch)) or {}
    profile = plain.get("profile")
    columns = profile.get("columns") if isinstance(profile, dict) else None
    return columns if isinstance(columns, dict) else {}


def history(ws: Workspace, batch: Batch, reference: Reference) -> tuple[PastWindow, ...]:
    """Return the windows before a batch, newest first, with what is kept of them.

    Profiles on the edges of another reference are left out, and so are windows of another length, from before the
    length was changed: they cannot be compared.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The batch whose past is wanted.
    reference : Reference
        The reference on whose edges profiles must be.
    """
    from airmedic_core.comparison import PastWindow

    before = ws.ledger.batches(ws.spec.name, limit=_KEPT_WINDOWS, before=batch.window.start)
    alike = [seen for seen in before if seen.batch.window.as_long_as(batch.window)]
    findings = ws.ledger.findings_of([seen.batch.id for seen in alike])
    past = []
    for seen in alike:
        profile, facts = _kept(window_file(ws.settings, seen.batch), reference)
        past.append(
            PastWindow(
                window=seen.batch.window,
                rows=seen.batch.rows,
                version=seen.model_version,
                assessment=seen.assessment,
                profile=profile,
                facts=facts,
                findings=tuple(findings[seen.batch.id]),
            )
        )
    return tuple(past)


def forget_windows(settings: Settings, model: str, *, before: datetime, dry_run: bool = False) -> int:
    """Remove what is kept of windows that start before a moment, and return how many files that are.

    Parameters
    ----------
    settings : Settings
        Where local state is kept.
    model : str
        The model's name.
    before : datetime
        The moment.
    dry_run : bool
        Whether to count the files only.
    """
    count = 0
    for path in (settings.home / "windows" / model).glob(f"*{_SUFFIX}"):
        try:
            start = Window.from_key(path.name.removesuffix(_SUFFIX)).start
        except AirmedicError:
            # Another file of the model, such as the facts of its reference.
            continue
        if start < before:
            count += 1
            if not dry_run:
                path.unlink(missing_ok=True)
    return count


def kept_reference_facts(settings: Settings, model: str, reference: Reference) -> tuple[RowFacts, ...] | None:
    """Return the facts of a reference's windows, if they were kept.

    Parameters
    ----------
    settings : Settings
        Where local state is kept.
    model : str
        The model's name.
    reference : Reference
        The reference.
    """
    from airmedic_core.comparison import RowFacts

    plain = _read(_reference_file(settings, model, reference))
    try:
        return None if plain is None else tuple(from_json(RowFacts, facts) for facts in plain["windows"])
    except _DAMAGED:
        return None


def keep_reference_facts(settings: Settings, model: str, reference: Reference, facts: Sequence[RowFacts]) -> None:
    """Keep the facts of a reference's windows.

    Parameters
    ----------
    settings : Settings
        Where local state is kept.
    model : str
        The model's name.
    reference : Reference
        The reference.
    facts : sequence of RowFacts
        The facts of its windows, oldest first.
    """
    _write(_reference_file(settings, model, reference), {"windows": [to_json(window) for window in facts]})


def _reference_file(settings: Settings, model: str, reference: Reference) -> Path:
    return settings.home / "windows" / model / f"reference-{reference.edges.id[:16]}{_SUFFIX}"


def _write(path: Path, plain: object) -> None:
    import os

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    unfinished.write_bytes(gzip.compress(json.dumps(plain).encode(), compresslevel=3, mtime=0))
    unfinished.replace(path)


def _kept(path: Path, reference: Reference) -> tuple[Profile | None, RowFacts | None]:
    """Return what is kept of a window; nothing of a damaged file, nor a profile on the edges of another reference."""
    from airmedic_core.comparison import RowFacts
    from airmedic_core.profile import Profile

    plain = _read(path)
    if plain is None:
        return None, None
    try:
        facts = from_json(RowFacts, plain["facts"])
        on_these_edges = plain["edges"] == reference.edges.id
        return Profile.from_json(plain["profile"], reference.edges) if on_these_edges else None, facts
    except _DAMAGED:
        return None, None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with gzip.open(path) as file:
            text = file.read(_MOST_BYTES + 1)
        plain = json.loads(text) if len(text) <= _MOST_BYTES else None
    except (OSError, EOFError, ValueError, RecursionError, zlib.error):
        # What is kept here only speeds up and sharpens: without it a window is compared with fewer others.
        return None
    return plain if isinstance(plain, dict) else None
