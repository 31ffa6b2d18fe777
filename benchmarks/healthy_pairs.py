"""Checks healthy pairs of real rows as `airmedic check` does, and prints its false alarms by kind of pair.

AIRMEDIC_DATA=… python benchmarks/healthy_pairs.py                 the part that may be looked at
AIRMEDIC_DATA=… python benchmarks/healthy_pairs.py --part closed   the part that measures: figures only
AIRMEDIC_DATA=… python benchmarks/healthy_pairs.py --look          look at the pairs in order of time again
"""

from __future__ import annotations

import json
import warnings

from labelled.healthy import ORDINARY, healthy_pairs, ordinary_names
from labelled.program import arguments, run


def main() -> int:
    """Run and report."""
    parser = arguments(str(__doc__))
    parser.add_argument("--look", action="store_true", help="find out which pairs in order of time are ordinary")
    options = parser.parse_args()
    if options.look:
        warnings.simplefilter("ignore")
        ORDINARY.write_text(json.dumps(ordinary_names(), indent=1, ensure_ascii=False) + "\n")
        return 0
    return run(options, healthy_pairs)


if __name__ == "__main__":
    raise SystemExit(main())
