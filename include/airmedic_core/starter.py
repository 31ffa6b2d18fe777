"""The content that a project begins with: policies and runbooks, which the team then owns and changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("models", "policies", "expectations", "runbooks", "incidents")
"""The folders of a project's content."""
_GIVEN = ("policies", "runbooks")
"""Those that do not begin empty."""


def make_content(folder: Path) -> tuple[list[Path], list[Path]]:
    """Make the folders of a project's content, with what they begin with. What is there stays as it is.

    Parameters
    ----------
    folder : Path
        The content folder.

    Returns
    -------
    tuple of list of Path
        What was made, and the files that were there already.
    """
    made, kept = [], []
    for name in FOLDERS:
        part = folder / name
        if not part.is_dir():
            part.mkdir(parents=True)
            made.append(part)
    for source in _files():
        target = folder / source.parent.name / source.name
        if target.exists():
            kept.append(target)
        else:
            target.write_bytes(source.read_bytes())
            made.append(target)
    return made, kept


def _files() -> Iterator[Path]:
    installed = Path(__file__).parent / "content"
    # In a checkout, the folders of the repository are what the package is given.
    root = installed if installed.is_dir() else Path(__file__).parents[1]
    for name in _GIVEN:
        yield from sorted(path for path in (root / name).iterdir() if path.is_file())
