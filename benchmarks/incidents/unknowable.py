"""Cases whose loss nobody could see in one window of their size; they are counted in lines of their own.

By an oracle it is less than four standard deviations of healthy windows: ``truth.py`` computes it and checks the lists.
"""

from __future__ import annotations

UNKNOWABLE = {
    "measure": frozenset(
        {
            "bike/rush hours",
            "churn/churn falls to 8 %",
            "churn/undecided customers",
            "churn/undecided customers, no labels yet",
            "churn/undecided customers, one day",
        }
    ),
    "heldout": frozenset({"hotels 2015/long lead times of groups"}),
    "unseen": frozenset({"telemetry/new oil is worse than old", "bike winters/evenings without riders, weeks"}),
}
"""Split → names of cases."""
