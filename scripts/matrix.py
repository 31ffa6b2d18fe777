"""Runs the tests that matter at the lowest and at the highest versions of what Airmedic rests on: `make matrix`.

Each set of versions gets an environment under `.airmedic/matrix`, and three parts of the tests: the engine where it
meets other libraries, the Airflow layer without a running Airflow, and one whole remediation on a running Airflow.
Before them it is asked what Airmedic installs beside, and after them a stranger's Airflow plays the quickstart. What
it prints is what stands in `docs/versions.md`; `--write` puts it there, with what earlier runs of single parts have
shown. Exit code 0: all that ran has passed.
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
from scripts.matrix_page import SHOWN, Results, stamp, write  # noqa: E402

FOLDER = PROJECT / ".airmedic" / "matrix"
TOOLS = (
    "catboost", "check-jsonschema", "editables", "hatchling", "httpx", "hypothesis", "lightgbm", "pip", "psutil",
    "psycopg[binary]", "pytest", "pytest-timeout", "pytest-xdist", "uv", "xgboost-cpu; sys_platform == 'linux'",
    "xgboost; sys_platform != 'linux'",
)  # fmt: skip
"""Says what the tests need beside the product. Installed last, so that it moves no version of the product's own."""


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
    at_once: bool = True
    """Says whether several processes share its tests."""


_PROJECT = ("-r", "pyproject.toml")
_OF_AIRFLOW_3_2 = ("fastapi<0.137", "cadwyn<7.1", "pydantic>=2.12")
"""Airflow 3.2 sets no upper bounds on the first two, and does not start with newer ones, nor with pydantic 2.11, which
it allows. Its own constraints file holds others, so that who installs with it does not meet this. The engine was tested
with pydantic 2.11.0 once, apart from Airflow."""
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
_ENGINE = "tests/core"
_WHERE_LIBRARIES_ARE_MET = (
    "actions/test_actions.py", "actions/test_rollback.py", "checks/test_anomalies.py", "checks/test_concept.py",
    "checks/test_drift.py", "checks/test_performance.py", "checks/test_quality.py", "cli/test_adopt.py",
    "cli/test_audit.py", "cli/test_check.py", "cli/test_gate.py", "cli/test_init.py", "cli/test_replay.py",
    "diagnose/test_claude.py::test_a_verified_answer_that_agrees_stands",
    "diagnose/test_claude.py::test_a_failure_leaves_the_rules_standing",
    "diagnose/test_claude.py::test_the_request_has_the_form_and_no_names", "exploration", "flavours",
    "ledger/test_actions.py", "ledger/test_audit.py", "ledger/test_concurrency.py", "ledger/test_earlier_findings.py",
    "ledger/test_incidents.py", "ledger/test_locks.py", "ledger/test_observations.py", "ledger/test_overrides.py",
    "ledger/test_postgres.py", "ledger/test_retention.py", "ledger/test_store.py", "monitor/test_batches.py",
    "monitor/test_past.py", "monitor/test_shared_rows.py", "pair/test_pair.py", "profile", "reading", "registry",
    "reports", "rollout", "sources", "training",
)  # fmt: skip
"""The tests of the engine in which rows, models, databases and reports go through other libraries, beside all files of
`tests/core` itself. The others judge numbers that the engine has computed before, or ask the same libraries the same
once more; `--all` runs them too."""
PARTS = (
    Part("engine", tuple(f"{_ENGINE}/{name}" for name in _WHERE_LIBRARIES_ARE_MET)),
    Part("Airflow layer", ("tests/airflow", "--ignore=tests/airflow/running")),
    Part("a remediation", ("tests/airflow/running/test_approvals.py::test_an_approval_lets_the_action_run",), False),
)


def main() -> int:
    """Make the environments, run the tests, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[versions.name for versions in SETS], help="one set of versions alone")
    parser.add_argument("--part", choices=[part.title for part in PARTS], help="one part of the tests alone")
    parser.add_argument("--python", default=sys.executable, help="the interpreter of the lowest versions")
    parser.add_argument("--newest-python", default=sys.executable, help="the interpreter of the highest versions")
    parser.add_argument("--keep", action="store_true", help="use environments that are there as they are")
    parser.add_argument("--all", action="store_true", help="all tests of the engine, which takes several times as long")
    parser.add_argument("--processes", default=os.cpu_count(), type=int, help="that share the tests of a part")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/versions.md")
    args = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = Results.load(FOLDER / "results.json")
    ended = []
    whole = not (args.only or args.part)
    if whole:
        answers = combinations.ask(args.python)
        results.texts["combinations"] = f"{combinations.table(answers)}\n\nAsked on {stamp()}."
        results.keep()
        ended += [answer.as_expected for answer in answers]
    for versions in SETS:
        if args.only in (None, versions.name):
            python = args.python if versions.lowest else args.newest_python
            interpreter = _environment(versions, python, keep=args.keep)
            for part in PARTS:
                if args.part in (None, part.title):
                    when = stamp()
                    result = _run(versions, interpreter, part, args)
                    # Another part may have run meanwhile, and kept its results.
                    results = Results.load(FOLDER / "results.json")
                    results.versions[versions.name] = _installed(interpreter)
                    results.parts.setdefault(versions.name, {})[part.title] = f"{result} ({when})"
                    results.keep()
                    ended.append(result.startswith("passed"))
    if whole:
        results.texts["quickstart"], played = _quickstart(args.python)
        results.keep()
        ended.append(played)
    table = results.table([versions.name for versions in SETS], [part.title for part in PARTS])
    text = "\n\n".join([table, *(results.texts.get(name, "") for name in ("combinations", "quickstart"))])
    print(text)  # noqa: T201 - a script that prints tables
    if args.write:
        write(text)
    return 0 if all(ended) else 1


def pytest_arguments(part: Part, *, everything: bool) -> tuple[str, ...]:
    """Return what pytest is told for a part: its own tests, or with ``everything`` all of the engine's."""
    if part.title != PARTS[0].title:
        return part.arguments
    if everything:
        return (_ENGINE,)
    files = sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / _ENGINE).glob("test_*.py"))
    return (*part.arguments, *files)


def _quickstart(python: str) -> tuple[str, bool]:
    """Return what came of the quickstart in a stranger's Airflow, and whether it got to the first incident."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            told = stranger.play(Path(folder), python)
            return f"A stranger's Airflow 3.2 ran the quickstart on {stamp()}: {told}.", True
        except (stranger.QuickstartError, LocalError, subprocess.CalledProcessError) as error:
            return f"A stranger's Airflow 3.2 did not get through the quickstart on {stamp()}: {error}", False


def _environment(versions: Versions, python: str, *, keep: bool) -> Path:
    folder = FOLDER / versions.name.replace(" ", "-")
    interpreter = folder / "bin" / "python"
    if not (keep and interpreter.exists()):
        _say(f"{versions.name}: installing …")
        make_environment(folder, *versions.requirements, lowest=versions.lowest, python=python)
        add_to_environment(interpreter, *TOOLS)
    return interpreter


def _run(versions: Versions, interpreter: Path, part: Part, args: argparse.Namespace) -> str:
    """Run one part of the tests, keep what it prints, and return how it ended, in a few words."""
    log = FOLDER / f"{versions.name}-{part.title}.log".replace(" ", "-")
    roots = os.pathsep.join(str(PROJECT / name) for name in ("include", "plugins"))
    env = os.environ | {"PYTHONPATH": roots, "PYTHONDONTWRITEBYTECODE": "1"}
    # Deprecations of libraries in other versions than the locked ones are no errors of ours.
    at_once = args.processes if part.at_once and args.processes > 1 else 0
    options = ("-q", f"-n{at_once}", "-p", "no:cacheprovider", "-W", "default", "--durations=30", "--durations-min=3")
    command = [str(interpreter), "-m", "pytest", *options, *pytest_arguments(part, everything=args.all)]
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, cwd=PROJECT, env=env, stdout=file, stderr=subprocess.STDOUT, check=False)
    last = re.findall(r"^.*\b\d+ (?:passed|failed|error).*$", log.read_text(encoding="utf-8"), re.MULTILINE)
    counts = {
        word: number for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", last[-1] if last else "")
    }
    minutes = (time.monotonic() - began) / 60
    if done.returncode == 0 and "passed" in counts:
        skipped = f", {counts['skipped']} skipped" if "skipped" in counts else ""
        result = f"passed: {counts['passed']}{skipped}"
    else:
        result = ", ".join(f"{number} {word}" for word, number in counts.items()) or f"ended with {done.returncode}"
    _say(f"{versions.name}, {part.title}: {result}, {minutes:.1f} min ({log})")
    return result


def _installed(interpreter: Path) -> dict[str, str]:
    code = "import platform; print(platform.python_version())"
    python = subprocess.run([str(interpreter), "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    versions = installed(interpreter)
    return {"Python": python} | {name: versions.get(name, "–") for name in SHOWN}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - a script that says how far it is


if __name__ == "__main__":
    sys.exit(main())
