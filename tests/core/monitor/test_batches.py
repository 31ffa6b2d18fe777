"""A monitoring run on a real ledger and a real MLflow store."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airmedic_core.errors import AirmedicError, MissingBatchError, NoChampionError, SourceError
from airmedic_core.monitor import assess, check_batch, publish_report, resolve_batch
from airmedic_core.records import Cause, Verdict
from airmedic_core.simulate.by_hand import deploy_unfinished_experiment
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.monitor.conftest import batch_of, change_days, finding_of, opened, watch
from tests.core.renewals import day, renewals, workspace


def sentinel(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(usage=rows["usage"].mask(np.arange(len(rows)) % 3 == 0, -999.0))


def related_otherwise(rows: pd.DataFrame) -> pd.DataFrame:
    """Let customers leave for another reason; 1 − ``churned`` would be labels whose classes were exchanged."""
    return rows.assign(churned=(rows["tenure"] > 0.5 * rows["usage"]).astype(int))


def test_an_ordinary_day_is_healthy_and_on_record(ws: Workspace) -> None:
    assessment = watch(ws, 33)
    assert (assessment.outcome, assessment.cause) == ("healthy", Cause.HEALTHY)
    (seen,) = ws.ledger.batches(ws.spec.name)
    assert (seen.batch.rows, seen.model_version, seen.assessment) == (60, "1", assessment)
    groups = {group: ws.ledger.findings(seen.batch.id, group) for group in ("data", "drift", "performance")}
    assert all(groups.values())
    assert {finding.verdict for finding in ws.ledger.findings(seen.batch.id)} <= {Verdict.OK, Verdict.UNKNOWN}
    assert ws.ledger.verify_audit()


def test_the_last_complete_window_is_taken_where_none_is_named(ws: Workspace) -> None:
    moment = day(33).replace(hour=5)
    batch = resolve_batch(ws, moment=moment)
    assert batch.window == Window(day(32), day(33))
    assert (batch.rows, batch.as_of) == (60, moment)


def test_an_old_window_keeps_the_version_that_served_it(ws: Workspace) -> None:
    for number in (33, 34):
        watch(ws, number)
    deploy_unfinished_experiment(ws, Window(day(0), day(30)))
    watch(ws, 35)
    watch(ws, 33)
    assert [seen.model_version for seen in ws.ledger.batches(ws.spec.name)] == ["2", "1", "1"]
    assert ws.ledger.finding_history(ws.spec.name, check="performance", before=day(34))[0][1] == "2"


def test_a_fault_in_the_data_is_an_incident_of_its_column(ws: Workspace) -> None:
    change_days(ws, 33, 33, sentinel)
    assessment = watch(ws, 33)
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.DATA_CORRUPTION)
    assert "corruption:usage:sentinel_fraction" in assessment.finding_keys
    finding = finding_of(ws, 33, "corruption:usage:sentinel_fraction")
    assert finding.value == pytest.approx(20 / 60)
    # The next day is looked at by itself: it is sound, and the broken one is no part of what is usual.
    assert watch(ws, 34).outcome == "healthy"


def test_the_suite_of_the_team_is_asked_for(ws: Workspace) -> None:
    folder = ws.settings.content / "expectations"
    folder.mkdir()
    strict = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "tenure", "max_value": 0}}
    (folder / "renewals.json").write_text(json.dumps({"expectations": [strict]}))
    assessment = watch(ws, 33)
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.DATA_CORRUPTION)
    assert assessment.finding_keys == ("quality:tenure:expect_column_max_to_be_between",)


def test_inputs_that_moved_are_named(ws: Workspace) -> None:
    change_days(ws, 33, 40, lambda rows: rows.assign(tenure=rows["tenure"] + 3))
    assessment = watch(ws, 33)
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.HARMLESS_COVARIATE_SHIFT)
    assert assessment.finding_keys == ("drift:tenure:shift",)


def test_a_lost_performance_is_found_when_its_labels_have_arrived(ws: Workspace) -> None:
    change_days(ws, 33, 60, related_otherwise)
    at_once = watch(ws, 33)
    assert at_once.outcome == "healthy"
    # Outcomes are known after two days: those of day 33 when day 36 begins.
    assessment = watch(ws, 35)
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.CONCEPT_DRIFT)
    assert finding_of(ws, 35, "performance:batch:roc_auc").sample_size == 60


def test_the_few_numbers_of_a_batch_are_kept_with_its_assessment(ws: Workspace) -> None:
    watch(ws, 33, as_of=day(37))
    (row,) = ws.ledger.window_rows(ws.spec.name, limit=60)
    measured = finding_of(ws, 33, "performance:batch:roc_auc")
    moved = [finding_of(ws, 33, f"drift:{column}:shift") for column in ("usage", "tenure", "plan")]
    assert (row.metric_name, row.metric_value, row.metric_limit) == ("roc_auc", measured.value, measured.limit)
    assert (row.metric_low, row.metric_high) == (measured.details["low"], measured.details["high"])
    assert row.metric_higher_is_better
    assert row.rows_expected == finding_of(ws, 33, "volume:batch:rows").baseline
    assert row.largest_move == max(abs((finding.effect or 0.0) / (finding.limit or 1.0)) for finding in moved) > 0
    assert row.assessed_at is not None


def test_looked_at_again_later_a_batch_has_its_own_labels(ws: Workspace) -> None:
    change_days(ws, 33, 33, related_otherwise)
    assert watch(ws, 33).outcome == "healthy"
    later = watch(ws, 33, as_of=day(37))
    assert (later.outcome, later.cause) == ("incident", Cause.CONCEPT_DRIFT)
    (seen,) = ws.ledger.batches(ws.spec.name)
    assert seen.batch.as_of == day(37)


def test_labels_that_are_not_known_yet_are_said_to_be_missing(ws: Workspace) -> None:
    assessment = watch(ws, 30)
    assert finding_of(ws, 30, "performance:batch:labels").value == 0
    assert "0 labels are known" in assessment.not_knowable[0]


def test_the_same_batch_twice_counts_once(ws: Workspace) -> None:
    change_days(ws, 33, 33, sentinel)
    first, report = watch(ws, 33), publish_report(ws, batch_of(ws, 33))
    findings, written = ws.ledger.findings(first.batch_id), ws.ledger.audit_head()
    assert watch(ws, 33) == first
    assert publish_report(ws, batch_of(ws, 33)).run_id == report.run_id
    assert ws.ledger.findings(first.batch_id) == findings
    assert len(ws.ledger.batches(ws.spec.name)) == 1
    assert ws.ledger.audit_head() == written


def test_the_report_is_a_run_of_the_models_experiment(ws: Workspace) -> None:
    watch(ws, 33)
    report = publish_report(ws, batch_of(ws, 33), airflow_url="http://localhost/dags/monitor__renewals")
    run = ws.registry.client.get_run(report.run_id)
    assert run.data.tags["airmedic.batch_id"] == batch_of(ws, 33).id
    assert run.data.tags["airmedic.outcome"] == "healthy"


def test_an_empty_window_is_too_few_rows(ws: Workspace) -> None:
    change_days(ws, 33, 33, lambda rows: rows.head(0))
    assessment = watch(ws, 33)
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.VOLUME_ANOMALY)
    assert finding_of(ws, 33, "volume:batch:rows").value == 0


def test_a_lost_column_is_a_finding_and_no_crash(ws: Workspace) -> None:
    path = Path(ws.spec.data.path)
    pd.read_parquet(path).drop(columns="usage").to_parquet(path)
    assessment = watch(ws, 33)
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.SCHEMA_CHANGE)
    assert "usage" in assessment.headline


def test_a_missing_batch_is_worth_a_retry_and_leaves_nothing_behind(ws: Workspace) -> None:
    data = {"path": str(ws.settings.home / "{window_start:%Y-%m-%d}.parquet"), "time_column": "at"}
    waiting = opened(ws.settings.home, data=data)
    with pytest.raises(MissingBatchError, match="2026-02-03") as raised:
        batch_of(waiting, 33)
    assert raised.value.transient
    assert ws.ledger.batches(ws.spec.name) == []
    rows = pd.read_parquet(ws.spec.data.path)
    rows[(rows["at"] >= day(33)) & (rows["at"] < day(34))].to_parquet(ws.settings.home / "2026-02-03.parquet")
    assert batch_of(waiting, 33).rows == 60


def test_an_unreadable_file_is_an_error_that_names_it(ws: Workspace) -> None:
    Path(ws.spec.data.path).write_bytes(b"no parquet")
    with pytest.raises(SourceError, match=r"rows\.parquet") as raised:
        batch_of(ws, 33)
    assert not raised.value.transient
    assert ws.ledger.batches(ws.spec.name) == []


def test_a_champion_set_by_hand_is_noticed_and_found_to_be_bad(ws: Workspace) -> None:
    for number in (34, 35):
        watch(ws, number)
    version = deploy_unfinished_experiment(ws, Window(day(0), day(30)))
    batch = batch_of(ws, 36)
    newest = ws.ledger.promotions(ws.spec.name)[0]
    assert (newest.kind, newest.from_version, newest.to_version) == ("manual", "1", version)
    assert ws.registry.rollback_target(ws.spec.name).version == "1"
    # Nobody gave it a reference: that of the version before is what it is held against.
    assessment = watch(ws, 36)
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.BAD_DEPLOYMENT)
    assert finding_of(ws, 36, "performance:batch:since_deployment").details["previous_version"] == "1"
    assert next(known for known in ws.ledger.batches(ws.spec.name) if known.batch == batch).model_version == version


def test_a_first_version_without_a_reference_cannot_be_watched(ws: Workspace, tmp_path: Path) -> None:
    version = deploy_unfinished_experiment(ws, Window(day(0), day(30)))
    shutil.rmtree(tmp_path / "production" / "windows", ignore_errors=True)
    (tmp_path / "production" / "ledger.db").unlink()
    unknown = opened(tmp_path / "production")
    batch = batch_of(unknown, 33)
    with pytest.raises(AirmedicError, match=f"Version {version} .* has no reference"):
        check_batch(unknown, batch, "data")


def test_without_a_champion_the_batch_is_on_record_and_the_checks_say_what_to_do(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals(days=35))
    batch = batch_of(ws, 33)
    assert (batch.rows, ws.ledger.batches(ws.spec.name)[0].model_version) == (60, None)
    with pytest.raises(NoChampionError, match="adopt"):
        check_batch(ws, batch, "data")


def test_a_check_that_fails_hides_no_other_and_is_not_passed(ws: Workspace) -> None:
    folder = ws.settings.content / "expectations"
    folder.mkdir()
    (folder / "renewals.json").write_text("{")
    change_days(ws, 33, 33, sentinel)
    assert watch(ws, 33).cause is Cause.DATA_CORRUPTION
    assert finding_of(ws, 33, "quality:batch:error").verdict is Verdict.UNKNOWN
    assert watch(ws, 34).outcome == "watch"


def test_a_batch_that_was_not_checked_is_not_healthy_by_silence(ws: Workspace) -> None:
    batch = batch_of(ws, 33)
    assessment = assess(ws, batch)
    assert (assessment.outcome, assessment.cause) == ("watch", Cause.UNKNOWN)
    assert "No check has looked" in assessment.headline


def test_a_typical_number_in_a_few_rows_is_watched_until_the_next_window_confirms_it(ws: Workspace) -> None:
    # Of 60 rows a day, six are a few where a fifth is many; what is far outside would be an alert of its own.
    limits = {"value_fraction": 0.2, "outside_fraction": 1.0}
    ws = opened(ws.settings.home, checks={"corruption": limits, "quality": False})
    change_days(ws, 33, 36, lambda rows: rows.assign(usage=rows["usage"].mask(np.arange(len(rows)) % 10 == 0, -999.0)))
    outcomes = [watch(ws, number).outcome for number in (33, 34, 35, 36)]
    verdicts = [finding_of(ws, number, "corruption:usage:sentinel_fraction").verdict for number in (33, 34, 35, 36)]
    assert verdicts == [Verdict.WATCH, Verdict.ALERT, Verdict.ALERT, Verdict.ALERT]
    assert outcomes == ["watch", "incident", "incident", "incident"]
