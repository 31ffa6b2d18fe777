"""Who may log in to the demo."""

from __future__ import annotations

from pathlib import Path

from airmedic_local.demo import APPROVER, USERS, _people
from airmedic_local.installation import Installation


def test_each_person_is_told_with_a_password_of_their_own(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home", users=USERS)
    lines = _people(installation).splitlines()
    told = {name: password for name, password, *_ in map(str.split, lines)}
    assert told == {name: installation.password(name) for name in USERS}
    assert len(set(told.values())) == len(USERS)
    assert installation.environment()["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "False"
    assert _people(Installation(tmp_path / "home", users=USERS)).splitlines() == lines, "a restart keeps them"


def test_whoever_answers_is_no_administrator() -> None:
    assert USERS[APPROVER] == "user"
    assert "viewer" in USERS.values()
