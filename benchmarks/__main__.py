"""Runs all benchmarks, or those that are named, each in a process of its own: ``python -m benchmarks parse loop``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run benchmarks by name, all where none is named, and return how many failed."""
    known = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if not path.stem.startswith("_")}
    known |= {path.parent.name: path for path in sorted(FOLDER.glob("*/run.py"))}
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"There is no benchmark {unknown[0]!r}. Known: {', '.join(known)}.")
    failed = 0
    for name in names or known:
        print(f"\n=== {name}", flush=True)
        failed += subprocess.run([sys.executable, known[name]], check=False).returncode != 0  # noqa: S603 - our files
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
