"""Keeps what `make matrix` has run, part by part, and writes it into `docs/versions.md` with its day and its commit."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "versions.md"
SHOWN = ("apache-airflow", "mlflow", "scikit-learn", "pandas", "numpy", "sqlalchemy", "evidently")
"""The packages whose versions stand in the table."""
NOT_RUN = "not run"
_BEGIN, _END = "<!-- matrix -->", "<!-- end of matrix -->"


@dataclass
class Results:
    """Holds what has run, in this run of the script or in an earlier one."""

    path: Path
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    """Set of versions → package → version."""
    parts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Set of versions → part → how it ended, when and at which commit."""
    texts: dict[str, str] = field(default_factory=dict)
    """Says what is no part of a set → what came of it."""

    @classmethod
    def load(cls, path: Path) -> Results:
        """Return what a file keeps; nothing where there is none."""
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return cls(path, **kept)

    def keep(self) -> None:
        """Write the file anew."""
        kept = {name: value for name, value in asdict(self).items() if name != "path"}
        self.path.write_text(json.dumps(kept, indent=2, ensure_ascii=False), encoding="utf-8")

    def table(self, sets: list[str], titles: list[str]) -> str:
        """Return the table of sets and parts in Markdown.

        Parameters
        ----------
        sets : list of str
            The sets of versions, a column each.
        titles : list of str
            The parts, a row each.
        """
        rows = [["", *sets], ["---"] * (len(sets) + 1)]
        rows += [
            [name, *(self.versions.get(versions, {}).get(name, "–") for versions in sets)]
            for name in ("Python", *SHOWN)
        ]
        rows += [
            [f"**{title}**", *(self.parts.get(versions, {}).get(title, NOT_RUN) for versions in sets)]
            for title in titles
        ]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def stamp() -> str:
    """Return the day, and the commit that is checked out, with a plus where files differ from it."""
    git = ["git", "-C", str(PROJECT)]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False).stdout
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    return f"{day}, {commit.stdout.strip()}{'+' if changed.strip() else ''}" if commit.returncode == 0 else day


def write(text: str) -> None:
    """Put a text between the marks of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", encoding="utf-8")
