"""Categories whose letters were replaced."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks.corruption.damaged_names import _meant, damaged_names
from airmedic_core.checks.corruption.options import Options
from airmedic_core.simulate.example import example_context

JOBS = ["technician", "services", "management", "retired", "admin", "student"]


@pytest.mark.parametrize(
    ("new", "known", "meant"),
    [
        ("t�chnician", JOBS, "technician"),
        ("s3rvic3s", JOBS, "services"),
        ("retirxd", JOBS, "retired"),
        ("B�", ["BB", "HB", "SC"], "BB"),
        ("Ã©cole", ["école", "lycée"], "école"),
        ("12?", ["12", "13"], "12"),
        # A new name, another code, another number, a letter of a short word.
        ("lawyer", JOBS, None),
        ("Type 7", ["Type 1", "Type 2", "Type 3"], None),
        ("PRX", ["PRT", "FRA", "ESP"], None),
        ("group F", ["group A", "group B", "group C"], None),
    ],
)
def test_what_a_new_name_stands_for(new: str, known: list[str], meant: str | None) -> None:
    assert _meant([new], known).get(new) == meant


def _day(names: dict[str, str], every: int) -> pd.DataFrame:
    def change(day: pd.DataFrame) -> pd.DataFrame:
        damaged = np.arange(len(day)) % every == 0
        return day.assign(channel=day["channel"].where(~damaged, day["channel"].replace(names)))

    return list(damaged_names(example_context(change), "channel", Options()))


def test_letters_replaced_in_a_few_rows_are_damage_and_a_new_channel_is_none() -> None:
    [finding] = _day({"branch": "brnnch", "phone": "ph0ne", "web": "w€b"}, every=20)
    assert finding.value == pytest.approx(0.05)
    assert not _day({"branch": "agency", "phone": "letter"}, every=20)
    # Two rows of 200 are slips.
    assert not _day({"branch": "brnnch", "phone": "ph0ne", "web": "w€b"}, every=100)


def test_a_letter_that_nobody_could_read_is_damage_where_new_names_are_usual() -> None:
    """Every day brings names that were never seen; the sign for a lost letter came in none of them."""

    def named(day: pd.DataFrame) -> pd.DataFrame:
        return day.assign(channel=[f"name {place * 7 % 97}" for place in range(len(day))])

    def broken(day: pd.DataFrame) -> pd.DataFrame:
        names = named(day)["channel"]
        return day.assign(channel=names.where(np.arange(len(day)) % 5 > 0, "visitor \ufffd" + names))

    [finding] = damaged_names(example_context(broken), "channel", Options())

    assert "could not be read" in finding.message
    assert finding.value == pytest.approx(0.2)
    assert not list(damaged_names(example_context(named), "channel", Options()))
