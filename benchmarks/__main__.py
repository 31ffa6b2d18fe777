"""Runs all benchmarks, or those that are named, each in a process of its own.

python -m benchmarks --list                 what there is
python -m benchmarks --quick                all of them on less data: minutes
python -m benchmarks calibration estimate   the named ones, as the documentation quotes them
python -m benchmarks --long                 all of them, with everything they can measure: an hour or more
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
QUICK = {
    "calibration": ["--quick"],
    "check": ["--rows", "20000", "--repeats", "1"],
    "comparison": ["--only", "bike: demand"],
    "estimate": ["--quick"],
    "fleet": ["--models", "20", "--batches", "70", "--runs", "2"],
    "healing": ["bike_demand", "--windows", "6"],
    "incidents": ["--without-evidently"],
    "label_faults": ["--quick"],
    "page": ["--models", "50"],
    "parse": ["--models", "20", "--repeats", "1"],
    "healthy_pairs": ["--only", "halves of 200"],
    "injected_pairs": ["--only", "constant"],
    "read_model": ["--models", "50"],
    "record_cases": ["--most", "40"],
    "rollback": ["--repeats", "3", "--rows-per-day", "300"],
    "sequential": ["--pairs", "200"],
    "serve": ["--switches", "6"],
    "profiles": ["--rows", "200000", "--stream-rows", "1000000", "--evidently-rows", "10000"],
}
LONG = {"calibration": ["--long"], "profiles": ["--evidently-rows", "1000000"]}


def main() -> int:
    """Run benchmarks and return how many failed."""
    known = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if not path.stem.startswith("_")}
    known |= {path.parent.name: path for path in sorted(FOLDER.glob("*/run.py"))}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true")
    size.add_argument("--long", action="store_true")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(known)):
        sys.exit(f"There is no benchmark {unknown[0]!r}. Known: {', '.join(known)}.")
    # Other benchmarks weigh what this one records.
    names = options.names or sorted(known, key=lambda name: (name != "record_cases", name))
    if options.list:
        for name in names:
            print(f"{name:<27}{_about(known[name])}")
        return 0
    arguments = QUICK if options.quick else LONG if options.long else {}
    failed = 0
    for name in names:
        print(f"\n=== {name}: {_about(known[name])}", flush=True)
        started = time.perf_counter()
        command = [sys.executable, str(known[name]), *arguments.get(name, [])]
        failed += subprocess.run(command, check=False).returncode != 0  # noqa: S603 - our files
        print(f"--- {name} took {time.perf_counter() - started:.0f} s", flush=True)
    return failed


def _about(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main())
