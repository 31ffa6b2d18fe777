"""Runs the tests that matter at the lowest and at the highest versions of what Airmedic rests on: `make matrix`.

Each set of versions gets an environment under `.airmedic/matrix`, and three parts of the tests: the engine, the Airflow
layer without a running Airflow, and one whole remediation on a running Airflow. Before them it is asked what Airmedic
installs beside, and after them a stranger's Airflow plays the quickstart. What it prints is what stands in
`docs/versions.md`; `--write` puts it there. Exit code 0: all of it passed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

from airmedic_local.errors import LocalError  # noqa: E402
from scripts import combinations, stranger  # noqa: E402
from scripts.fresh_environment import add_to_environment, installed, make_environment  # noqa: E402

FOLDER = PROJECT / ".airmedic" / "matrix"
PAGE = PROJECT / "docs" / "versions.md"
TOOLS = (
    "catboost", "check-jsonschema", "editables", "hatchling", "httpx", "hypothesis", "lightgbm", "pip", "psutil",
    "psycopg[binary]", "pytest", "pytest-timeout", "pytest-xdist", "uv", "xgboost-cpu; sys_platform == 'linux'",
    "xgboost; sys_platform != 'linux'",
)  # fmt: skip
"""What the tests need beside the product. Installed last, so that it moves no version of the product's own."""
SHOWN = ("apache-airflow", "mlflow", "scikit-learn", "pandas", "numpy", "sqlalchemy", "evidently")
"""The packages whose versions stand in the table."""
_BEGIN, _END = "<!-- matrix -->", "<!-- end of matrix -->"


@dataclass(frozen=True)
class Versions:
    """One set of versions."""

    name: str
    requirements: tuple[str, ...]
    lowest: bool = False


class Part(NamedTuple):
    """One part of the tests: its title, and what pytest is told."""

    title: str
    arguments: tuple[str, ...]


_PROJECT = ("-r", "pyproject.toml")
_OF_AIRFLOW_3_2 = ("fastapi<0.137", "cadwyn<7.1")
"""Airflow 3.2 sets no upper bounds on these, and does not start with newer ones. Its own constraints file holds older
ones, so that who installs with it does not meet this."""
_WITHOUT_EVIDENTLY = ("airflow", "cluster", "llm", "mlflow", "quality", "slack", "sql")
SETS = (
    Versions("lowest", (*_PROJECT, "--extra", "all", *_OF_AIRFLOW_3_2), lowest=True),
    Versions("highest", (*_PROJECT, "--extra", "all", "apache-airflow>=3.3")),
    Versions(
        "pandas 3",
        (*_PROJECT, *(word for extra in _WITHOUT_EVIDENTLY for word in ("--extra", extra)), "pandas>=3",
         "apache-airflow>=3.3"),
    ),
)  # fmt: skip
PARTS = (
    Part("engine", ("tests/core",)),
    Part("Airflow layer", ("tests/airflow", "--ignore=tests/airflow/running")),
    Part("a remediation", ("tests/airflow/running/test_approvals.py::test_an_approval_lets_the_action_run",)),
)


class Row(NamedTuple):
    """What came of one set of versions."""

    versions: dict[str, str]
    python: str
    results: tuple[str, ...]


def main() -> int:
    """Make the environments, run the tests, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[versions.name for versions in SETS], help="one set of versions alone")
    parser.add_argument("--part", choices=[part.title for part in PARTS], help="one part of the tests alone")
    parser.add_argument("--python", default=sys.executable, help="the interpreter of the lowest versions")
    parser.add_argument("--newest-python", default=sys.executable, help="the interpreter of the highest versions")
    parser.add_argument("--keep", action="store_true", help="use environments that are there as they are")
    parser.add_argument("--write", action="store_true", help="put the table into docs/versions.md")
    args = parser.parse_args()
    parts = [part for part in PARTS if args.part in (None, part.title)]
    rows = {}
    whole = not (args.only or args.part)
    answers = combinations.ask(args.python) if whole else []
    for versions in SETS:
        if args.only in (None, versions.name):
            python = args.python if versions.lowest else args.newest_python
            interpreter = _environment(versions, python, keep=args.keep)
            results = tuple(_run(versions, interpreter, part) for part in parts)
            rows[versions.name] = Row(*_installed(interpreter), results)
    told = [_table(rows, [part.title for part in parts])]
    fine = all(result.startswith("passed") for row in rows.values() for result in row.results)
    if whole:
        quickstart, played = _quickstart(args.python)
        fine = fine and played and all(answer.as_expected for answer in answers)
        told = [*told, combinations.table(answers), quickstart]
    print("\n\n".join(told))  # noqa: T201 - a script that prints tables
    if args.write:
        _write("\n\n".join(told))
    return 0 if fine else 1


def _quickstart(python: str) -> tuple[str, bool]:
    """Return what came of the quickstart in a stranger's Airflow, and whether it got to the first incident."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return f"A stranger's Airflow 3.2 ran the quickstart: {stranger.play(Path(folder), python)}.", True
        except (stranger.QuickstartError, LocalError, subprocess.CalledProcessError) as error:
            return f"A stranger's Airflow 3.2 did not get through the quickstart: {error}", False


def _environment(versions: Versions, python: str, *, keep: bool) -> Path:
    folder = FOLDER / versions.name.replace(" ", "-")
    interpreter = folder / "bin" / "python"
    if not (keep and interpreter.exists()):
        _say(f"{versions.name}: installing …")
        make_environment(folder, *versions.requirements, lowest=versions.lowest, python=python)
        add_to_environment(interpreter, *TOOLS)
    return interpreter


def _run(versions: Versions, interpreter: Path, part: Part) -> str:
    """Run one part of the tests, keep what it prints, and return how it ended, in a few words."""
    log = FOLDER / f"{versions.name}-{part.title}.log".replace(" ", "-")
    roots = os.pathsep.join(str(PROJECT / name) for name in ("include", "plugins"))
    env = os.environ | {"PYTHONPATH": roots, "PYTHONDONTWRITEBYTECODE": "1"}
    # Deprecations of libraries in other versions than the locked ones are no errors of ours.
    command = [
        str(interpreter),
        "-m",
        "pytest",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        "-W",
        "default",
        *part.arguments,
    ]
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, cwd=PROJECT, env=env, stdout=file, stderr=subprocess.STDOUT, check=False)
    last = re.findall(r"^.*\b\d+ (?:passed|failed|error).*$", log.read_text(encoding="utf-8"), re.MULTILINE)
    counts = {word: number for number, word in re.findall(r"(\d+) (passed|failed|error)", last[-1] if last else "")}
    minutes = (time.monotonic() - began) / 60
    if done.returncode == 0 and "passed" in counts:
        result = f"passed ({counts['passed']})"
    else:
        result = ", ".join(f"{number} {word}" for word, number in counts.items()) or f"ended with {done.returncode}"
    _say(f"{versions.name}, {part.title}: {result}, {minutes:.1f} min ({log})")
    return result


def _installed(interpreter: Path) -> tuple[dict[str, str], str]:
    code = "import platform; print(platform.python_version())"
    python = subprocess.run([str(interpreter), "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    versions = installed(interpreter)
    return {name: versions.get(name, "–") for name in SHOWN}, python


def _table(rows: dict[str, Row], titles: list[str]) -> str:
    header = ["", *rows]
    lines = [header, ["---"] * len(header), ["Python", *(row.python for row in rows.values())]]
    lines += [[name, *(row.versions[name] for row in rows.values())] for name in SHOWN]
    lines += [[f"**{title}**", *(row.results[place] for row in rows.values())] for place, title in enumerate(titles)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _write(text: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", encoding="utf-8")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a script that says how far it is


if __name__ == "__main__":
    sys.exit(main())
