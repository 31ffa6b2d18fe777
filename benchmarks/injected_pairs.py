"""Checks pairs of real rows with one injected fault each as `airmedic check` does, and prints what is found and how.

AIRMEDIC_DATA=… python benchmarks/injected_pairs.py                 the part that may be looked at
AIRMEDIC_DATA=… python benchmarks/injected_pairs.py --part closed   the part that measures: figures only
"""

from __future__ import annotations

from labelled.injected import injected_pairs
from labelled.program import arguments, run

if __name__ == "__main__":
    raise SystemExit(run(arguments(str(__doc__)).parse_args(), injected_pairs))
