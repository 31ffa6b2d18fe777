"""Tests what watches files and messages, and what tells OpenLineage, with the providers installed: `make events`.

They are no part of the locked environment. An environment under `.airmedic/events` borrows the packages of this one and
adds them. Redis has to be there as a program; Kafka and SQS are doubles of their clients.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import distributions
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = PROJECT / ".airmedic" / "events"
EXTRAS = ("kafka", "openlineage", "redis", "sqs")
TESTS = (
    "tests/airflow/test_lineage.py",
    "tests/airflow/test_watchers.py",
    "tests/airflow/running/test_events.py",
    "tests/airflow/test_traces.py",
)
_PROGRAM = """\
#!{python}
import sys
from importlib.metadata import entry_points
entry, *_ = entry_points(group="console_scripts", name="{name}")
sys.exit(entry.load()())
"""


def main() -> int:
    """Make the environment, and run the tests in it."""
    python = FOLDER / "bin" / "python"
    if not python.exists():
        make_environment(python)
    env = os.environ | {"PYTHONPATH": os.pathsep.join(str(PROJECT / name) for name in ("include", "plugins"))}
    command = [str(python), "-m", "pytest", "-n0", "-m", "events or not events", *(sys.argv[1:] or TESTS)]
    return subprocess.run(command, cwd=PROJECT, env=env, check=False).returncode


def make_environment(python: Path) -> None:
    """Make an environment that sees the packages of this one, and the extras beside them."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(FOLDER)], check=True)
    own = next(FOLDER.glob("lib/python*/site-packages"))
    (own / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    fixed = FOLDER / "constraints.txt"
    here = {done.name: done.version for done in distributions() if done.name and done.name != "airmedic"}
    fixed.write_text("".join(f"{name}=={version}\n" for name, version in sorted(here.items())), encoding="utf-8")
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    wanted = [requirement for extra in EXTRAS for requirement in extras[extra]]
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, "--constraint", str(fixed), *wanted], check=True)
    for name in ("airflow", "mlflow"):
        program = FOLDER / "bin" / name
        program.write_text(_PROGRAM.format(python=python, name=name), encoding="utf-8")
        program.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
