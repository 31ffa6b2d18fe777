"""One model, its columns and the map of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.event import listen

from airmedic_core.ledger import Ledger
from airmedic_core.read_model import SpecShelf, maps, read_column, read_model
from airmedic_core.records import Batch, Cause, Incident, IncidentState, Json, Permission, Promotion, Proposal, Severity
from airmedic_core.settings import Settings
from tests.core.read_model.conftest import day

Observe = Callable[..., Batch]
NOW = day(8)


@pytest.fixture
def alpha(ledger: Ledger, settings: Settings, shelf: SpecShelf) -> Callable[..., Json]:
    def alpha(windows: int = 60) -> Json:
        return read_model(ledger, settings, shelf.all()["alpha"], now=NOW, windows=windows)

    return alpha


def test_the_windows_stand_on_one_axis_with_what_happened_in_them(
    alpha: Callable[..., Json], observe: Observe, ledger: Ledger
) -> None:
    seen = [observe("alpha", number, moved=0.1) for number in range(3)]
    ledger.open_incident(
        Incident(
            "i1", "alpha", IncidentState.OPEN, Severity.HIGH, Cause.CONCEPT_DRIFT, "It is worse, like salary.", "f1",
            seen[1].window, seen[1].as_of, (seen[1].id,), day(4),
        )
    )  # fmt: skip
    ledger.set_override(
        "alpha",
        "quarantine",
        seen[2].window.key,
        {"incident_id": "i1", "salary": ["salary"]},
        author="anna",
        reason="bad",
    )
    answer = alpha()
    assert [window["start"][:10] for window in answer["windows"]] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert [window["incident"] for window in answer["windows"]] == [None, "i1", None]
    assert [window["quarantined"] for window in answer["windows"]] == [False, False, True]
    first = answer["windows"][0]
    assert (first["metric"], first["value"], first["low"], first["high"]) == ("roc_auc", 0.8, 0.78, 0.82)
    assert (first["limit"], first["better"], first["version"]) == (0.78, "higher", "1")
    assert (first["rows"], first["rows_expected"], first["drift"]) == (100, 98.0, 0.33333)
    assert answer["state"] == "incident"
    assert [incident["id"] for incident in answer["incidents"]] == ["i1"]
    assert [(override["kind"], override["author"]) for override in answer["overrides"]] == [("quarantine", "anna")]
    assert answer["overrides"][0]["value"] == {"incident_id": "i1", "(private column)": ["(private column)"]}
    assert answer["incidents"][0]["headline"] == "It is worse, like (private column)."
    assert first["headline"].endswith("It is about (private column).")
    assert {"what": "the last window", "why": "Whether (private column) is right."} in answer["not_monitored"]
    assert "salary" not in str(answer)
    assert [window["start"][:10] for window in alpha(2)["windows"]] == ["2026-01-02", "2026-01-03"]


def test_the_map_shows_each_column_in_each_window(alpha: Callable[..., Json], observe: Observe) -> None:
    observe("alpha", 0, moved=0.1)
    observe("alpha", 1, moved=0.6)
    answer = alpha()
    (age,) = answer["columns"]  # salary is private
    assert age["name"] == "age"
    assert [cell["verdict"] for cell in age["windows"]] == ["ok", "alert"]
    assert [cell["share"] for cell in age["windows"]] == [0.33333, 2.0]
    assert answer["quality"] == [{"subject": "age", "statistic": "null_fraction", "windows": ["ok", "alert"]}]
    told = {line["what"] for line in answer["not_monitored"]}
    assert told >= {"known_later", "1 private column"}
    assert "salary" not in str(answer)


def test_of_many_windows_the_worst_columns_are_kept(
    alpha: Callable[..., Json], observe: Observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        observe("alpha", number)
    monkeypatch.setattr(maps, "_RANKED_WINDOWS", 2)
    whole = alpha()
    assert (len(whole["columns"][0]["windows"]), whole["columns_left_out"]) == (3, 0)
    assert None not in whole["columns"][0]["windows"]


def test_versions_tell_who_brought_them_and_how_they_left(
    alpha: Callable[..., Json], observe: Observe, ledger: Ledger
) -> None:
    observe("alpha", 0)
    gate = {"metric": "roc_auc", "rows": 900, "champion_value": 0.7, "challenger_value": 0.69}
    # People may approve what the test could not tell apart.
    gate |= {"outcome": "inconclusive", "difference": -0.01, "low": -0.03, "high": 0.01}
    params = {"version": "2", "gate": gate}
    proposal = Proposal("i1", "alpha", "deploy", params, "Better.", Permission.ASK, "Because.", day(3), day(9))
    ledger.record_proposal(proposal)
    ledger.answer_proposal(proposal.hash, "approve", by="boris", at=day(4), channel="airflow")
    ledger.record_promotion(Promotion("alpha", None, "1", "adopt", day(0), "anna"))
    ledger.record_promotion(Promotion("alpha", "1", "2", "deploy", day(5), "boris", proposal.hash))
    newest, first = alpha()["promotions"]
    assert (newest["version"], newest["from_version"], newest["departed"]) == ("2", "1", "")
    assert newest["by_words"] == "deployed, approved by boris"
    told = {name: gate[name] for name in ("metric", "rows", "champion_value", "challenger_value")}
    told["gained_words"] = "worse by 0.010 (95 % certain: between 0.030 worse and 0.010 better)"
    assert (newest["approved_by"], newest["gate"]) == ("boris", told)
    assert (first["by_words"], first["gate"]) == ("adopted by anna", None)
    assert first["departed"] == "version 1 was replaced on 2026-01-06 00:00 UTC, by version 2"
    # The switch that takes it back stands under the same proposal: the gate has not measured version 1 against 2.
    ledger.record_promotion(Promotion("alpha", "2", "1", "rollback", day(6), "airmedic", proposal.hash))
    assert [promotion["gate"] for promotion in alpha()["promotions"]] == [None, told, None]
    # Nobody was asked about it: boris has approved version 2.
    newest = alpha()["promotions"][0]
    assert newest["by_words"] == "returned to by Airmedic, which took back what had replaced it"
    assert (newest["credited"], newest["approved_by"]) == ("Airmedic", "")
    assert alpha()["decided"]["words"] == "Airmedic returned to it"


def test_a_broken_spec_shows_its_problem_and_no_column(
    content: Path, alpha: Callable[..., Json], observe: Observe
) -> None:
    observe("alpha", 0)
    (content / "models" / "alpha.yaml").write_text("name: alpha\n")
    answer = alpha()
    assert (answer["state"], answer["spec"], answer["columns"], answer["quality"]) == ("broken_spec", None, [], [])
    assert answer["problem"]
    assert [window["headline"] for window in answer["windows"]] == [""]
    assert "salary" not in str(answer)


def test_links_lead_to_airflow_and_mlflow(alpha: Callable[..., Json]) -> None:
    assert alpha()["links"] == {
        "airflow_monitor": "/dags/monitor__alpha",
        "airflow_remediate": "/dags/remediate__alpha",
        "mlflow": "http://mlflow:5000/#/models/alpha?workflowType=machine_learning",
    }


def test_a_column_has_a_history_and_a_usual_range(ledger: Ledger, shelf: SpecShelf, observe: Observe) -> None:
    observe("alpha", 0, moved=0.1)
    observe("alpha", 1, moved=0.6)
    known = shelf.all()["alpha"]
    column = read_column(ledger, known, "age")
    assert column is not None
    # Moves and their limit are in standard deviations; the usual range is two spreads of 0.05 on each side.
    assert [(point["value"], point["limit"], point["verdict"]) for point in column["history"]] == [
        (0.1, 0.3, "ok"), (0.6, 0.3, "alert"),
    ]  # fmt: skip
    assert column["usual"] == {"low": -0.1, "high": 0.1}
    assert {point["message"] for point in column["history"]} == {"age moved, as (private column) did."}
    assert {point["message"] for point in column["quality"]} == {"age is missing where (private column) is."}
    assert [point["statistic"] for point in column["quality"]] == ["null_fraction", "null_fraction"]
    assert read_column(ledger, known, "salary") is None
    assert read_column(ledger, known, "no_such_column") is None


def test_the_versions_of_many_switches_are_asked_for_at_once(
    alpha: Callable[..., Json], observe: Observe, ledger: Ledger
) -> None:
    observe("alpha", 0)
    statements: list[str] = []
    listen(ledger._engine, "before_cursor_execute", lambda *called: statements.append(called[2]))

    def asked() -> int:
        statements.clear()
        alpha()
        return sum(statement.startswith("SELECT") for statement in statements)

    def deploy(number: int) -> None:
        params = {"version": str(number), "gate": {"metric": "roc_auc", "rows": 9, "champion_value": 0.7}}
        proposal = Proposal("i1", "alpha", "deploy", params, "Better.", Permission.ASK, "Because.", day(3), day(9))
        ledger.record_proposal(proposal)
        ledger.record_promotion(
            Promotion("alpha", str(number - 1), str(number), "deploy", day(number), "anna", proposal.hash)
        )

    deploy(2)
    few = asked()
    for number in range(3, 9):
        deploy(number)
    assert asked() == few
    assert all(promotion["gate"] for promotion in alpha()["promotions"])


def test_the_version_that_serves_is_told_beside_the_one_before_it_in_words(
    alpha: Callable[..., Json], observe: Observe
) -> None:
    observe("alpha", 0, version="1", auc=0.7)
    assert (alpha()["since_words"], alpha()["level_words"]) == ("", "")
    observe("alpha", 1, version="2", auc=0.8)
    observe("alpha", 2, version="2", auc=0.84)
    # The mean of 0.8 and 0.84.
    assert alpha()["since_words"] == (
        "AUC 0.70 in the last window of version 1 (1 Jan), 0.82 on average in the 2 windows of version 2 since"
    )
