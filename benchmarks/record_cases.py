"""Checks labelled cases once and writes the answers with all findings down, for the programs that weigh them again.

AIRMEDIC_DATA=… python benchmarks/record_cases.py               all that may be looked at
AIRMEDIC_DATA=… python benchmarks/record_cases.py --most 100    a hundred more
AIRMEDIC_DATA=… python benchmarks/record_cases.py --part 1/2 --out first.jsonl     one of two processes
AIRMEDIC_DATA=… python benchmarks/record_cases.py --out closed.jsonl healthy_closed injected_closed
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from labelled.collections import COLLECTIONS
from labelled.recorded import RECORDED, Recorded, read, record, write
from labelled.tables import DATA

LOOKED_AT = (
    "real_windows",
    "reported",
    "principles",
    "measure",
    "heldout",
    "unseen",
    "injected_open",
    "healthy_open",
    "tune",
)
"""All but the closed parts, which measure and are never looked into."""


def main() -> int:
    """Record what is not in the file yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="*", metavar="COLLECTION", help=", ".join(COLLECTIONS))
    parser.add_argument(
        "--out", type=Path, default=RECORDED, help="one answer a line; what it holds is not checked again"
    )
    parser.add_argument("--most", type=int, default=1_000_000, help="stop after so many cases")
    parser.add_argument("--part", type=_part, default=(1, 1), metavar="K/N", help="only the K-th of N parts, by name")
    options = parser.parse_args()
    if unknown := sorted(set(options.collections) - set(COLLECTIONS)):
        parser.error(f"There is no collection {unknown[0]!r}.")
    if not (DATA / "real_windows").exists():
        print("AIRMEDIC_DATA does not name the folder of the data sets: nothing to record.")
        return 0
    for number, item in enumerate(
        _new(options.collections or LOOKED_AT, options.out, options.most, options.part), start=1
    ):
        write(options.out, item)
        said = item.answer
        print(
            f"{number:4} {'✓' if said.right else '✗'} {said.seconds:5.1f} s  {said.case:60} {said.cause}",
            file=sys.stderr,
        )
    return 0


def _part(text: str) -> tuple[int, int]:
    number, parts = map(int, text.split("/"))
    return number, parts


def _new(names: list[str], path: Path, most: int, part: tuple[int, int]) -> Iterator[Recorded]:
    known = {item.answer.case for item in read(path)} if path.exists() else set()
    cases = [case for name in names for case in COLLECTIONS[name]() if case.name not in known]
    cases = [case for case in cases if zlib.crc32(case.name.encode()) % part[1] == part[0] - 1]
    # In an order of no meaning, so that what is recorded so far is a fair sample.
    cases.sort(key=lambda case: zlib.crc32(case.name[::-1].encode()))
    yield from map(record, cases[:most])


if __name__ == "__main__":
    raise SystemExit(main())
