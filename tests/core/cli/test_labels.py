"""``airmedic labels``: what is listed, and what is refused. What comes of labels is tested with the action."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from airmedic_core.ledger import Ledger

Airmedic = Callable[..., tuple[int, str, str]]


@pytest.mark.usefixtures("ledger")
def test_nobody_is_asked_before_a_request(spec: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("labels", "--model", "customers")
    assert (code, "Nobody is asked for labels of customers." in out) == (0, True)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("row,churned\na-0,1\n", "Nobody was asked for labels of 'customers'"),
        ("row,label\na-0,1\n", "has no column 'churned'"),
    ],
)
def test_a_file_that_nobody_asked_for_is_refused(
    spec: Path, ledger: Ledger, airmedic: Airmedic, tmp_path: Path, content: str, says: str
) -> None:
    (tmp_path / "back.csv").write_text(content)
    code, _, err = airmedic("labels", "return", str(tmp_path / "back.csv"), "--model", "customers", "--by", "ada")
    assert code == 2
    assert says in " ".join(err.split())
    assert ledger.overrides("customers") == []


@pytest.mark.usefixtures("ledger")
def test_a_file_that_is_not_there_is_named(spec: Path, airmedic: Airmedic) -> None:
    assert airmedic("labels", "return", "--model", "customers")[0] == 2
    code, _, err = airmedic("labels", "return", "gone.csv", "--model", "customers")
    assert (code, "gone.csv cannot be read" in " ".join(err.split())) == (2, True)
