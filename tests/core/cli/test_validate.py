from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Airmedic = Callable[..., tuple[int, str, str]]


def test_valid_specs_end_in_zero(spec: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("validate", "--data")
    assert code == 0, out
    assert "customers.yaml" in out


def test_each_broken_spec_is_named_and_the_others_are_looked_at(home: Path, spec: Path, airmedic: Airmedic) -> None:
    (home / "models" / "broken.yaml").write_text(spec.read_text().replace("target:", "tarket:"))
    code, out, _ = airmedic("validate")
    assert code == 1
    assert "tarket: unknown key. Did you mean 'target'?" in out
    assert "customers.yaml" in out


def test_a_wrong_option_of_a_check_is_found(spec: Path, airmedic: Airmedic) -> None:
    spec.write_text(spec.read_text() + "checks:\n  drift:\n    no_such_limit: 3\n")
    code, out, _ = airmedic("validate", str(spec))
    assert code == 1
    assert "no_such_limit" in out


def test_a_missing_policy_and_suite_are_found(spec: Path, airmedic: Airmedic) -> None:
    spec.write_text(spec.read_text() + "policy: defualt\nquality: mine.json\n")
    code, out, _ = airmedic("validate", str(spec))
    assert code == 1
    assert "defualt" in out
    assert "no expectation suite 'mine.json'" in out


def test_columns_are_compared_with_the_data(spec: Path, airmedic: Airmedic) -> None:
    spec.write_text(spec.read_text() + "segments: [plam]\n")
    code, out, _ = airmedic("validate", "--data", str(spec))
    assert code == 1
    assert "no column 'plam'. Did you mean 'plan'?" in out


def test_an_empty_folder_is_not_valid(home: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("validate")
    assert code == 1
    assert "airmedic init" in out
