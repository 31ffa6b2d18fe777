"""All collections of labelled cases under their names, each case in one form."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from labelled.case import LabelledCase
from labelled.healthy import healthy_pairs
from labelled.injected import injected_pairs
from labelled.principles import principles
from labelled.real import real_windows
from labelled.reported import reported_cases

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "incidents"))

# These scripts import each other by name.
from case import Case
from cases import all_cases
from unknowable import UNKNOWABLE

_SAME_ROWS = {
    "air_quality": "air",
    "metro_traffic": "metro",
    "bank_marketing": "bank",
    "chicago_ridership": "chicago",
    "city hotel": "hotel",
    "resort hotel": "hotel",
    "bikes": "bike",
}
"""Domains of several collections that share rows: what is left out together when one domain is."""


def domain_of(case_domain: str) -> str:
    """Return the name under which a domain is left out: the same for all collections that share its rows."""
    return _SAME_ROWS.get(case_domain, case_domain)


def _incidents(split: str) -> list[LabelledCase]:
    cases = [case for case in all_cases() if case.split == split]
    return [_labelled(case) for case in cases if case.name not in UNKNOWABLE.get(case.split, ())]


def _labelled(case: Case) -> LabelledCase:
    accept = tuple(sorted(case.accept))
    return LabelledCase(
        name=f"{case.split}:{case.name}", collection=case.split, domain=case.spec["name"], kind=" or ".join(accept),
        accept=accept, healthy=case.healthy, spec=case.spec, build=case.build, injected=case.fault is not None,
        harmful=case.harmful, about=case.name,
    )  # fmt: skip


COLLECTIONS: dict[str, Callable[[], list[LabelledCase]]] = {
    "real_windows": real_windows,
    "reported": reported_cases,
    "principles": principles,
    **{split: partial(_incidents, split) for split in ("measure", "heldout", "unseen", "tune")},
    "healthy_open": lambda: healthy_pairs("open"),
    "healthy_closed": lambda: healthy_pairs("closed"),
    "injected_open": lambda: injected_pairs("open"),
    "injected_closed": lambda: injected_pairs("closed"),
}
"""Says what each collection is called, and how its cases are made."""
