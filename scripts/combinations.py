"""Asks whether Airmedic installs beside what a team already has: one library held back at a time, all else free.

Nothing is installed. `make matrix` asks this first; the answers stand in `docs/versions.md`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from scripts.fresh_environment import bare_environment, would_be_installed  # noqa: E402


class Held(NamedTuple):
    """One library that a team has and keeps."""

    title: str
    requirement: str
    refused_for: str = ""
    """Why it is out of range; empty where Airmedic has to install beside it."""


HELD = (
    Held("Airflow 3.1", "apache-airflow==3.1.*", "below the range: its SDK lacks what the sensors rest on"),
    Held("Airflow 3.2", "apache-airflow==3.2.*"),
    Held("MLflow 3.5", "mlflow==3.5.*"),
    Held("scikit-learn 1.6", "scikit-learn==1.6.*"),
    Held("pandas 2.2", "pandas==2.2.*"),
    Held("NumPy 1.26", "numpy==1.26.*"),
    Held("NumPy 2.2", "numpy==2.2.*"),
    Held("SQLAlchemy 2.0", "sqlalchemy==2.0.*"),
)
_BESIDE = ("apache-airflow", "mlflow", "scikit-learn", "pandas", "numpy", "sqlalchemy")
_LONGEST = 160
"""Characters of what a refusal says: the rest repeats it for each version."""


class Answer(NamedTuple):
    """Says whether Airmedic installs beside one library."""

    held: Held
    installs: bool
    beside: str

    @property
    def as_expected(self) -> bool:
        """Say whether it installs where it has to, and is refused where the range says so."""
        return self.installs is not bool(self.held.refused_for)


def ask(python: str = sys.executable) -> list[Answer]:
    """Ask for each of the libraries.

    Parameters
    ----------
    python : str
        The interpreter for which versions are looked for.
    """
    with tempfile.TemporaryDirectory() as folder:
        interpreter = bare_environment(Path(folder) / "bare", python)
        return [_ask(held, interpreter) for held in HELD]


def table(answers: list[Answer]) -> str:
    """Return the answers as a table in Markdown."""
    lines = ["| You keep | `airmedic[all]` | with |", "|---|---|---|"]
    for answer in answers:
        result = "installs" if answer.installs else "is refused"
        lines.append(f"| {answer.held.title} | {result} | {answer.held.refused_for or answer.beside} |")
    return "\n".join(lines)


def _ask(held: Held, interpreter: Path) -> Answer:
    try:
        versions = would_be_installed(interpreter, "-r", "pyproject.toml", "--extra", "all", held.requirement)
    except subprocess.CalledProcessError as error:
        return Answer(held, False, re.sub(r"\s+", " ", str(error.stderr))[:_LONGEST])
    return Answer(held, True, ", ".join(f"{name} {versions[name]}" for name in _BESIDE))


if __name__ == "__main__":
    answers = ask(*sys.argv[1:2])
    print(table(answers))  # noqa: T201 - a script that prints a table
    sys.exit(not all(answer.as_expected for answer in answers))
