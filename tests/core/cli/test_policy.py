from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from airmedic_core.ledger import Ledger

Airmedic = Callable[..., tuple[int, str, str]]

SPEC = """
name: churn
task: binary
target: churned
data: {source: file, path: rows.csv, time_column: seen_at}
approvers: [ada, bob]
"""


@pytest.fixture
def known(home: Path, ledger: Ledger) -> Ledger:
    (home / "models" / "churn.yaml").write_text(SPEC, encoding="utf-8")
    return ledger


def test_what_would_happen_is_explained(known: Ledger, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("policy", "explain", "--model", "churn", "--action", "retrain")
    words = " ".join(out.split())
    assert code == 0
    assert "incident, cause verified: ask (rule 4 of permissions)" in words
    assert "approvers: ada, bob" in words
    assert "separation_of_duties" in words


def test_what_stops_it_is_named(known: Ledger, airmedic: Airmedic) -> None:
    known.set_override("churn", "kill_switch", "all", {}, author="ada", reason="Something is wrong")
    code, out, _ = airmedic("policy", "explain", "--model", "churn", "--action", "retrain", "--json", "-")
    assert code == 1
    assert json.loads(out)["stopped_by"] == {"kill_switch": "ada threw the kill switch: Something is wrong."}


def test_an_unknown_action_names_the_closest(known: Ledger, airmedic: Airmedic) -> None:
    code, _, error = airmedic("policy", "explain", "--model", "churn", "--action", "retrian")
    assert (code, "Did you mean 'retrain'" in error) == (2, True)
