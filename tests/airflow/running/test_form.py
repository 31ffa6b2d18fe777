"""The form of a remediation, as Airflow's pages and scripts get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.airflow.running.steps import ended, incident_of

if TYPE_CHECKING:
    from tests.airflow.conftest import Running


def test_the_form_offers_a_choice_of_actions_a_reason_and_a_dry_run(running: Running) -> None:
    params = running.client().request("GET", "/dags/remediate__meter/details")["params"]
    assert set(params) == {"action", "reason", "dry_run", "version", "override", "incident_id"}
    action = params["action"]
    assert action["value"] == "automatic"
    assert action["schema"]["enum"][:2] == ["automatic", "diagnose_only"]
    assert set(action["schema"]["enum"][2:]) == {
        "retrain", "recalibrate", "rollback", "quarantine", "repair", "request_labels", "end_trial",
        "promote_trial",
        "scale", "acquire_data",
    }  # fmt: skip
    assert set(action["schema"]["values_display"]) == set(action["schema"]["enum"])
    assert (params["reason"]["schema"]["type"], params["dry_run"]["schema"]["type"]) == ("string", "boolean")
    # Without null Airflow's page would ask for these fields before anybody may start a run.
    for name in ("incident_id", "version", "override"):
        assert (params[name]["value"], params[name]["schema"]["type"]) == (None, ["null", "string"])


@pytest.mark.parametrize(
    ("conf", "says"),
    [
        ({"action": "explode"}, "'explode' is not one of ['automatic', 'diagnose_only', '"),
        ({"reason": "x"}, "'x' is too short"),
        ({"dry_run": "perhaps"}, "'perhaps' is not of type 'boolean'"),
    ],
)
def test_what_the_form_does_not_offer_starts_nothing(running: Running, conf: dict[str, Any], says: str) -> None:
    from airmedic_local.errors import RequestRefusedError

    client = running.client()
    before = len(client.runs("remediate__meter"))
    with pytest.raises(RequestRefusedError) as refused:
        client.trigger("remediate__meter", conf)
    assert refused.value.status == 400
    assert says in str(refused.value)
    assert len(client.runs("remediate__meter")) == before


def test_an_incident_that_does_not_exist_is_named(running: Running) -> None:
    client = running.client()
    run_id = client.trigger("remediate__meter", {"incident_id": "meter__1999", "reason": "A test asks."})
    state, tasks = ended(running, run_id)
    assert (state, tasks["collect_evidence"], tasks["decide"]) == ("failed", "failed", "upstream_failed")
    assert "There is no incident 'meter__1999'." in client.task_log("remediate__meter", run_id, "collect_evidence")


def test_a_dry_run_changes_nothing_and_says_what_would_happen(running: Running) -> None:
    running.adopt("delegated")
    workspace, client = running.workspace("delegated"), running.client()

    def standing() -> tuple[Any, ...]:
        registry, ledger = workspace.registry, workspace.ledger
        versions = [
            (version.version, tuple(sorted(version.tags.items()))) for version in registry.versions("delegated")
        ]
        aliases = [registry.by_alias("delegated", alias) for alias in ("champion", "challenger", "previous")]
        actions, overrides = ledger.actions(model="delegated"), ledger.overrides("delegated")
        return versions, aliases, actions, overrides, len(ledger.promotions("delegated")), client.runs("train_meter")

    before = standing()
    run_id = client.trigger("remediate__delegated", {"action": "retrain", "reason": "A test asks.", "dry_run": True})
    state, tasks = ended(running, run_id, "delegated")
    assert (state, tasks["recommend"], tasks["approve_retrain"]) == ("success", "success", "skipped")
    assert standing() == before
    incident = incident_of(running, run_id, "delegated")
    assert incident.resolution["outcome"] == "dry_run"
    (decision,) = workspace.ledger.decisions(incident.id)
    assert decision["details"]["rehearsal"].startswith("A challenger of delegated would be trained (dag:train_meter)")
