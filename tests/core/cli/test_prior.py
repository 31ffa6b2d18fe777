"""What is learned on the command line: the report, the priors, and changing one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from airmedic_core.ledger import EVERY_MODEL, Ledger
from tests.core.learning.cases import by_chance, closed

Airmedic = Callable[..., tuple[int, str, str]]
EVEN = {"recalibrate": 0.5, "retrain": 0.5}


@pytest.fixture
def decided(ledger: Ledger) -> Ledger:
    """Fifty incidents for which a coin chose: training heals nine of ten, calibration two of ten."""
    for number in range(50):
        action = ("retrain", "recalibrate")[number % 2]
        healed = number % 20 not in {1, 0} if action == "retrain" else number % 10 == 1
        closed(ledger, number, action, "healed" if healed else "worse", learning=by_chance(EVEN, action))
    return ledger


def test_the_report_is_a_table_of_80_columns(decided: Ledger, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("report", "learning")
    assert code == 0
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("Learning is in the shadow")
    assert any(line.split()[:2] == ["retrain", "0.65"] for line in lines)
    assert any("retrain would come before recalibrate" in line for line in lines)


def test_a_program_gets_the_whole_report(decided: Ledger, airmedic: Airmedic) -> None:
    _, out, _ = airmedic("report", "learning", "--json", "-")
    told = json.loads(out)
    assert (told["outcomes"], told["decisions"]) == (50, 50)
    assert told["causes"][0]["actions"][1]["off_policy"]["favours"] is True


def test_an_empty_ledger_says_that_the_priors_alone_hold(ledger: Ledger, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("report", "learning")
    assert code == 0
    assert "the priors alone hold" in out


def test_a_report_of_no_model_is_refused(ledger: Ledger, airmedic: Airmedic) -> None:
    code, _, err = airmedic("report")
    assert code == 2
    assert "--model" in err


def test_priors_are_listed_with_their_sources(ledger: Ledger, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("prior", "--cause", "label_shift")
    assert code == 0
    assert out.splitlines()[0] == "label_shift.recalibrate  0.7, weighs 8"
    assert "Judgement" in out.splitlines()[1]
    assert airmedic("prior", "--cause", "lable_shift")[0] == 2


def test_a_change_is_previewed_made_and_taken_back(decided: Ledger, airmedic: Airmedic) -> None:
    for action, mean in (("recalibrate", 0.9), ("retrain", 0.05)):
        mistaken = {"mean": mean, "weight": 50}
        decided.set_override(EVERY_MODEL, "prior", f"label_shift.{action}", mistaken, author="eve", reason="doubt")
    change = ("prior", "--cause", "label_shift", "--action", "retrain", "--mean", "0.7", "--weight", "8")
    code, out, _ = airmedic(*change, "--preview")
    assert (code, "First choice now: recalibrate. Then: retrain." in out) == (0, True)
    assert [known.author for known in decided.overrides(EVERY_MODEL, "prior")] == ["eve", "eve"]
    assert airmedic(*change)[0] == 2
    assert airmedic(*change, "--reason", "It heals more.", "--by", "anna")[0] == 0
    standing = decided.overrides(EVERY_MODEL, "prior")[-1]
    assert (standing.author, standing.reason, standing.value["mean"]) == ("anna", "It heals more.", 0.7)
    back = ("overrides", "--model", "*", "--kind", "prior", "--revoke", "label_shift.retrain", "--by", "anna")
    assert airmedic(*back)[0] == 0
    assert [known.key for known in decided.overrides(EVERY_MODEL, "prior")] == ["label_shift.recalibrate"]


def test_a_change_without_evidence_is_refused(ledger: Ledger, airmedic: Airmedic) -> None:
    change = ("prior", "--cause", "label_shift", "--action", "retrain", "--mean", "0.9")
    assert airmedic(*change, "--preview")[0] == 1
    code, _, err = airmedic(*change, "--reason", "I like it.", "--by", "anna")
    assert code == 2
    assert "Nothing is known of retrain in place of recalibrate" in " ".join(err.split())
    assert ledger.overrides(EVERY_MODEL, "prior") == []


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("--weight", "20", "--reason", "It heals more."), "--weight and --reason"),
        (("--preview",), "--preview"),
        (("--mean", "0.9", "--preview", "--json", "-"), "--json"),
    ],
)
def test_what_does_not_go_together_is_refused(
    ledger: Ledger, airmedic: Airmedic, given: tuple[str, ...], named: str
) -> None:
    code, out, err = airmedic("prior", "--cause", "label_shift", "--action", "retrain", *given)
    assert (code, out) == (2, "")
    assert named in err
    assert "--mean" in err
