"""Measures what `airmedic check` costs on two large files, each time in a new process: time, CPU and peak memory.

python benchmarks/check.py                       100,000 rows × 20 columns, against the next 100,000
python benchmarks/check.py --format csv          csv instead of parquet
python benchmarks/check.py --rows 20000 --repeats 1


The rows are generated from a seed: numbers, some with nulls and long tails, categories of 3 to 300 names, an id as
text, the time, and an outcome of two classes that depends on them. The second file is the month after the first, with
nothing wrong. It is checked three times over: by its inputs alone (outcomes are not known yet), with a model that is
fitted on the spot, and with logged scores. Beside seconds, which depend on the machine and on what else it has to do,
stands how many times the CPU time of only reading both files with pandas that is, in the same run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

KINDS = "inputs alone", "a model fitted", "logged scores"
LIMIT_SECONDS = 3.0
"""States what the project promises for 100,000 rows × 20 columns, on two cores."""
LEVELS = 3, 5, 8, 25, 60, 300
"""Sets how many names each category has: a few kinds, and cities of a country."""
SPEC = """name: renewals
task: binary
target: outcome
data: {{source: file, path: rows.{format}, time_column: at}}
{prediction}
"""
COMMAND = "import sys; from airmedic_core.cli import main; sys.exit(main())"
READ = "import sys, pandas; [getattr(pandas, 'read_' + sys.argv[1])(path) for path in sys.argv[2:]]"


@dataclass(frozen=True)
class Cost:
    """Holds what one process took."""

    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float
    exit_code: int


def main() -> int:
    """Generate the files, check them, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--keep", type=Path, help="a folder for the files, to check them by hand")
    chosen = parser.parse_args()
    print(
        f"{'airmedic check':24}{'seconds':>9}{'CPU':>7}{'reads':>7}{'MB':>7}{'exit':>6}   limit {LIMIT_SECONDS:.0f} s"
    )
    with TemporaryDirectory() as made:
        home = chosen.keep or Path(made)
        home.mkdir(parents=True, exist_ok=True)
        commands = {kind: _files(home, kind, chosen.rows, chosen.format) for kind in KINDS}
        files = [argument for argument in commands[KINDS[0]] if argument.endswith(f".{chosen.format}")]
        costs: dict[str, list[Cost]] = {name: [] for name in ("only read", "--help", *KINDS)}
        # In turns, so that what else the machine does slows all of them down.
        for _ in range(chosen.repeats):
            costs["only read"].append(_cost(READ, [chosen.format, *files], home))
            costs["--help"].append(_cost(COMMAND, ["check", "--help"], home))
            for kind, arguments in commands.items():
                costs[kind].append(_cost(COMMAND, arguments, home))
        read = median(cost.cpu_seconds for cost in costs["only read"])
        for name, measured in costs.items():
            _print(name, measured, read)
    return 0


def rows(count: int, month: int, seed: int) -> pd.DataFrame:
    """Return the rows of one month, in the order of their times.

    Parameters
    ----------
    count : int
        How many.
    month : int
        Of the year 2026; it decides nothing but the times.
    seed : int
        Of the random numbers.

    Returns
    -------
    DataFrame
        19 columns: time, id, 10 numbers, 6 categories and the outcome.
    """
    draw = np.random.default_rng(seed)
    start = np.datetime64(f"2026-{month:02}-01T00:00:00", "s")
    seconds = np.sort(draw.integers(0, 28 * 86_400, count))
    columns: dict[str, object] = {
        "at": start + seconds.astype("timedelta64[s]"),
        "customer_id": [f"c-{number:08x}" for number in draw.integers(0, 2**31, count)],
    }
    for number in range(4):
        columns[f"level_{number}"] = draw.normal(100.0 * (number + 1), 10.0, count).round(2)
    for number in range(3):
        columns[f"amount_{number}"] = draw.lognormal(3.0, 0.8, count).round(2)
    for number in range(2):
        columns[f"count_{number}"] = draw.poisson(3.0 + 4 * number, count)
    columns["gap"] = np.where(draw.random(count) < 0.1, np.nan, draw.exponential(5.0, count).round(3))
    for levels in LEVELS:
        weights = 1.0 / np.arange(1, levels + 1)
        names = np.asarray([f"name {level}" for level in range(levels)], dtype=object)
        columns[f"kind_of_{levels}"] = names[draw.choice(levels, count, p=weights / weights.sum())]
    frame = pd.DataFrame(columns)
    odds = 0.05 * (frame["level_0"] - 100) + 0.4 * (frame["count_0"] - 3) + (frame["kind_of_3"] == "name 0") - 1.0
    frame["outcome"] = (draw.random(count) < 1 / (1 + np.exp(-odds))).astype(int)
    frame["score"] = 1 / (1 + np.exp(-(odds + draw.normal(0, 0.3, count))))
    return frame


def _files(home: Path, kind: str, count: int, form: str) -> list[str]:
    """Write both files and the spec of a kind of check, and return the command's arguments."""
    folder = home / kind.replace(" ", "_")
    folder.mkdir(exist_ok=True)
    logged = kind == "logged scores"
    (folder / "spec.yaml").write_text(SPEC.format(format=form, prediction="prediction: {score: score}" * logged))
    for name, month in ("reference", 1), ("current", 2):
        frame = rows(count, month, seed=month)
        if not logged:
            frame["score"] = frame["score"].sample(frac=1.0, random_state=month).to_numpy()
            frame = frame.rename(columns={"score": "rate"})
        if kind == "inputs alone":
            frame["outcome"] = frame["outcome"].where(np.zeros(count, dtype=bool))
        path = folder / f"{name}.{form}"
        frame.to_parquet(path, index=False) if form == "parquet" else frame.to_csv(path, index=False)
    files = ("--reference", str(folder / f"reference.{form}"), "--current", str(folder / f"current.{form}"))
    return ["check", "--model", str(folder / "spec.yaml"), *files, "--json", str(folder / "answer.json")]


def _cost(program: str, arguments: list[str], home: Path) -> Cost:
    """Run a program in a new process; the system says what it took."""
    started = time.perf_counter()
    with (home / "said.txt").open("wb") as said:
        process = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=said, stderr=said)  # noqa: S603 - ours
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode not in {0, 1}:
        sys.exit((home / "said.txt").read_text())
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, process.returncode)


def _print(name: str, costs: list[Cost], read_seconds: float) -> None:
    wall = median(cost.wall_seconds for cost in costs)
    cpu = median(cost.cpu_seconds for cost in costs)
    peak = max(cost.peak_megabytes for cost in costs)
    print(f"{name:24}{wall:9.2f}{cpu:7.2f}{cpu / read_seconds:7.1f}{peak:7.0f}{costs[0].exit_code:6}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
