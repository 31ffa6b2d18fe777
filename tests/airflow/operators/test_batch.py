"""The operators of one batch: scoring, checks, assessment, report and incident."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.airflow.production import meter
from tests.airflow.tasks import context_of, day_batch

POLICIES = Path(__file__).parents[3] / "include" / "policies"


@pytest.mark.usefixtures("adopted")
def test_scoring_announces_the_window(tmp_path: Path) -> None:
    import pandas as pd
    from airflow.sdk import Asset

    from airmedic.operators.batch_score import BatchScoreOperator

    asset, out = Asset("airmedic://test/scored"), tmp_path / "scored.parquet"
    operator = BatchScoreOperator(task_id="score", model="meter", predictions=str(out), outlets=[asset], **meter.day(4))
    announced = SimpleNamespace(extra=None)
    scored = operator.execute(context_of(operator, outlet_events={asset: announced}))
    assert announced.extra == meter.day(4)
    frame = pd.read_parquet(out)
    assert (len(frame), set(frame["model_version"])) == (scored["rows"], {scored["version"]}) == (144, {"1"})


def test_scoring_announces_the_partition_that_its_model_waits_for(adopted: Path, tmp_path: Path) -> None:
    from airflow.sdk import Asset
    from airflow.sdk.execution_time.context import OutletEventAccessors

    from airmedic.operators.batch_score import BatchScoreOperator

    spec = adopted / "models" / "meter.yaml"
    text = spec.read_text()
    mine, other = Asset("airmedic://test/meter"), Asset("airmedic://test/other")
    window = meter.day(4)
    key = "_".join(f"{window[end][:10].replace('-', '')}T0000" for end in ("window_start", "window_end"))
    operator = BatchScoreOperator(
        task_id="score", model="meter", predictions=str(tmp_path / "scored.parquet"), outlets=[mine, other], **window
    )
    try:
        spec.write_text(text.replace("asset:airmedic", "partitions:airmedic"))
        events = OutletEventAccessors()
        context = context_of(operator, outlet_events=events)
        context["dag_run"].partition_key = key  # Airflow 3.2 takes it from the run
        operator.execute(context)
    finally:
        spec.write_text(text)
    assert events[mine].extra == events[other].extra == window
    if hasattr(events[mine], "partition_keys"):
        assert (events[mine].partition_keys, events[other].partition_keys) == ({key}, set())


@pytest.mark.usefixtures("adopted")
@pytest.mark.filterwarnings("ignore")  # of the libraries that the checks and reports use
def test_a_day_is_checked_assessed_and_reported() -> None:
    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from airmedic.operators.assess import AssessOperator
    from airmedic.operators.data_quality import DataQualityOperator
    from airmedic.operators.drift_check import DriftCheckOperator
    from airmedic.operators.performance_check import PerformanceCheckOperator
    from airmedic.operators.publish_report import PublishReportOperator

    batch = day_batch(21)
    for kind in (DataQualityOperator, DriftCheckOperator, PerformanceCheckOperator):
        operator = kind(task_id=kind.__name__, model="meter", batch=batch)
        assessed = operator.execute(context_of(operator))
        assert sum(assessed["verdicts"].values()) > 0
    with DAG("monitor__meter"):
        assess = AssessOperator(task_id="assess", model="meter", batch=batch)
        assess >> [BaseOperator(task_id=task_id) for task_id in ("record_healthy", "keep_watching", "open_incident")]
    context = context_of(assess)
    with pytest.raises(DownstreamTasksSkipped) as skipped:
        assess.execute(context)
    # The relation between inputs and label is another one on this day: no threshold is needed to see that.
    assert context["ti"].pushed["assessment"]["outcome"] == "incident"
    assert {task for task, _ in skipped.value.tasks} == {"record_healthy", "keep_watching"}
    publish = PublishReportOperator(task_id="publish_report", model="meter", batch=batch)
    context = context_of(publish)
    report = publish.execute(context)
    assert context["ti"].pushed["mlflow_url"] == report["url"]


@pytest.mark.usefixtures("adopted")
def test_an_incident_whose_remediation_was_stopped_gets_a_further_run() -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators.open_incident import OpenIncidentOperator
    from airmedic_core.records import Assessment, Batch, Cause, IncidentState, Severity, from_json

    batch, ledger = day_batch(12), open_workspace("meter").ledger
    seen = from_json(Batch, batch)
    ledger.record_assessment(
        seen, Assessment(seen.id, "incident", Cause.UNKNOWN, Severity.LOW, "It is worse.", "a" * 64)
    )
    operator = OpenIncidentOperator(task_id="open_incident", model="meter", batch=batch)

    def opened(ended_runs: int) -> dict[str, Any]:
        context = context_of(operator)
        context["ti"].get_dr_count = lambda **_: ended_runs
        return operator.execute(context)

    first = opened(0)
    assert first["run_id"] == first["incident_id"]
    assert opened(1)["run_id"] == f"{first['incident_id']}__2"
    assert opened(2)["run_id"] == f"{first['incident_id']}__3"
    ledger.move_incident(first["incident_id"], IncidentState.ESCALATED)
    assert opened(2)["run_id"] == first["incident_id"]


@pytest.mark.filterwarnings("ignore")  # of the libraries that the reports use
def test_a_problem_that_people_have_is_opened_and_closed_without_a_word(
    adopted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators import close_incident, open_incident, recommend
    from airmedic_core.decide import Request, decide
    from airmedic_core.execution import carry_out
    from airmedic_core.records import Assessment, Batch, Cause, Diagnosis, RankedCause, Severity, from_json

    (adopted / "policies").symlink_to(POLICIES)
    told: list[str] = []
    for module in (open_incident, close_incident, recommend):
        monkeypatch.setattr(module, "tell", lambda *_, event, **__: told.append(event.value))
    ledger, now = open_workspace("meter").ledger, datetime.now(UTC)
    for number, expected in ((13, ["incident_opened", "incident_closed"]), (14, [])):
        batch, told[:] = day_batch(number), []
        seen = from_json(Batch, batch)
        assessment = Assessment(
            seen.id, "incident", Cause.UNKNOWN, Severity.LOW, "It is worse.", "b" * 64, ("rows:usage:share",)
        )
        ledger.record_assessment(seen, assessment)
        opens = open_incident.OpenIncidentOperator(task_id="open_incident", model="meter", batch=batch)
        context = context_of(opens)
        context["ti"].get_dr_count = lambda **_: 0
        known = {"model": "meter", "incident_id": opens.execute(context)["incident_id"]}
        ledger.record_diagnosis(
            Diagnosis(
                known["incident_id"], "rules", (RankedCause(Cause.UNKNOWN, 0.5),), Severity.LOW, "", (), "0" * 64
            ),
            stands=True,
        )
        decision = decide(open_workspace("meter"), known["incident_id"], Request(), now=now)
        if decision.proposal is not None:
            carry_out(open_workspace("meter"), decision.proposal.hash, now=now)
        else:
            recommends = recommend.RecommendOperator(task_id="recommend", reason=decision.reason, **known)
            recommends.execute(context_of(recommends))
        closes = close_incident.CloseIncidentOperator(task_id="close_incident", **known)
        context = context_of(closes)
        context["ti"].get_task_states = lambda **_: {}
        closes.execute(context)
        assert told == expected


@pytest.mark.usefixtures("adopted")
def test_an_unknown_model_is_not_retried() -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from airmedic.operators.drift_check import DriftCheckOperator

    operator = DriftCheckOperator(task_id="check", model="metre", batch={})
    with pytest.raises(AirflowFailException, match=r"no model spec .*Did you mean 'meter.yaml'"):
        operator.execute(context_of(operator))
