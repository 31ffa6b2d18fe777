"""Who answered, as the auth managers of Airflow tell it. Their own user classes are asked for ids and names."""

from __future__ import annotations

from typing import Any

import pytest

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


def simple(name: str) -> dict[str, str]:
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    return told(SimpleAuthManagerUser(username=name, role="user"))


def fab(number: int, name: str) -> dict[str, str]:
    pytest.importorskip("airflow.providers.fab")
    from airflow.providers.fab.auth_manager.models import User

    return told(User(id=number, username=name))


def told(user: Any) -> dict[str, str]:
    """Return what Airflow tells the task: what its HITL route makes of a user."""
    return {"id": user.get_id(), "name": user.get_name()}


@pytest.mark.filterwarnings("ignore")  # of the provider, where it is imported
def test_a_name_and_an_id_both_name_an_approver() -> None:
    from airmedic.sensors.approvers import answerer

    assert answerer(simple("anna"), ["boris", "anna"]) == "anna"
    assert answerer(fab(7, "anna"), ["boris", "anna"]) == "anna"
    assert answerer(fab(7, "anna"), ["boris", "7"]) == "7"
    assert answerer({"id": UUID, "name": "anna"}, [UUID]) == UUID


UUID = "3f2b8c1e-0d5a-4b7e-9a66-1c2d3e4f5a6b"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("approver", ["7", UUID])
def test_who_takes_an_id_as_a_name_is_not_that_approver(approver: str) -> None:
    from airmedic.sensors.approvers import answerer

    impostor = fab(9, approver)
    assert impostor["name"] == approver
    assert answerer(impostor, [approver]) not in {approver, ""}


@pytest.mark.parametrize("user", [{"id": "9", "name": "group:risk"}, {"id": "group:risk", "name": "group:risk"}])
def test_who_is_called_like_a_group_is_not_found_in_it(user: dict[str, str]) -> None:
    from airmedic.sensors.approvers import answerer

    assert answerer(user, ["group:risk", "anna"]) == answerer(user, [])


def test_one_person_is_one_person_however_the_approvers_are_listed() -> None:
    from airmedic.sensors.approvers import answerer

    anna = {"id": "7", "name": "anna"}
    assert answerer(anna, ["7", "anna"]) == answerer(anna, ["7", "anna"]) == "7"
    assert answerer(anna, []) == "anna (id 7)"
    assert answerer(None, []) == answerer({}, ["anna"]) == ""


def test_airflow_is_told_only_what_it_can_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.sensors.approvers import known_to_airflow

    def ids(*approvers: str) -> list[str]:
        return [user["id"] for user in known_to_airflow(approvers)]

    assert ids("anna", "7") == ["anna", "7"]  # the simple auth manager, whose ids are the names
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", FAB)
    assert ids("7", "9") == ["7", "9"]
    assert ids("anna", "7") == []
    assert ids() == []
