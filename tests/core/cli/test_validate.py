from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
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


def test_faulty_priors_beside_the_policy_are_found(home: Path, spec: Path, airmedic: Airmedic) -> None:
    delivered = (home / "policies" / "default.yaml").read_text()
    (home / "policies").unlink()
    (home / "policies").mkdir()
    (home / "policies" / "default.yaml").write_text(delivered)
    priors = home / "policies" / "priors.yaml"
    priors.write_text("priors: {label_shift: {retrain: {mean: 0.6, weight: 12, source: 9 of our 14 trainings held}}}")
    assert airmedic("validate", str(spec))[0] == 0
    priors.write_text("priors: {label_shift: {retrain: {mean: 6}}}")
    code, out, _ = airmedic("validate", str(spec))
    assert code == 1
    assert "priors.label_shift.retrain.mean" in out


def test_without_priors_of_a_team_the_ledger_is_not_needed(spec: Path) -> None:
    """The light engine has no SQLAlchemy, which whatever reads priors imports."""
    code = (
        "import sys; sys.modules['sqlalchemy'] = None; from airmedic_core.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "validate", str(spec)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_spec_that_stands_alone_needs_no_policy_unless_it_names_one(
    home: Path, rows: Path, airmedic: Airmedic
) -> None:
    (home / "policies").unlink()
    alone = home / "churn.yaml"
    airmedic("init", str(rows), "--out", str(alone))
    code, out, _ = airmedic("validate", str(alone), "--data")
    assert code == 0, out
    assert "so no policy was looked at" in out
    assert "AIRMEDIC_CONTENT" in out
    alone.write_text(alone.read_text() + "policy: default\n")
    code, out, _ = airmedic("validate", str(alone))
    assert code == 1
    assert "There is no policy 'default' in" in out
    assert "airmedic init-project" in out


def test_columns_are_compared_with_the_data(spec: Path, airmedic: Airmedic) -> None:
    spec.write_text(spec.read_text() + "segments: [plam]\n")
    code, out, _ = airmedic("validate", "--data", str(spec))
    assert code == 1
    assert "no column 'plam'. Did you mean 'plan'?" in out


def test_an_empty_folder_is_not_valid(home: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("validate")
    assert code == 1
    assert "airmedic init" in out


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            "gate:\n  metric: rocauc\n",
            "gate.metric: 'rocauc' is not a metric of a binary model. Did you mean 'roc_auc'?",
        ),
        ("schedule: every day\n", "schedule: 'every day' is not a schedule."),
        ("schedule: watch:redis\n", "Write watch:redis:<list>."),
        ("schedule: watch:files\n", "watch:files needs a data.path with a file for each window"),
        ("retrain: clon\n", "retrain: 'clon' is neither a method"),
        ("rollout: canry\n", "  rollout.strategy: there is no rollout strategy 'canry'. Did you mean 'canary'?"),
        ("rollout: canary\n", "name the column under entity_column"),
        ("rollout: {target: http}\n", "url"),
    ],
)
def test_what_needs_no_data_is_found_without(spec: Path, airmedic: Airmedic, lines: str, said: str) -> None:
    spec.write_text(spec.read_text() + lines)
    code, out, _ = airmedic("validate", str(spec))
    assert code == 1
    assert said in out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("target: churned", "target: plan\npositive: flexible", "positive: 'flexible' is not a value of 'plan'"),
        ("target: churned", "target: churned\npositive: 7", "positive: 7 is not a value of 'churned'"),
        ("binary\ntarget: churned", "regression\ntarget: plan", "a regression predicts numbers, and 'plan' holds text"),
        ("target: churned", "target: calls", "and task: binary tells two apart"),
        ("window: day", "features:\n  numeric: [calls, plan]", "features.numeric: 'plan' holds text, such as"),
        ("window: day", "retrain: nopkg.mod:fn", "'nopkg.mod:fn' is not an importable function"),
        ("window: day", "retrain: json:nothing", "'json:nothing' is not an importable function"),
    ],
)
def test_what_contradicts_the_data_is_found(spec: Path, airmedic: Airmedic, old: str, new: str, said: str) -> None:
    spec.write_text(spec.read_text().replace(old, new))
    code, out, _ = airmedic("validate", "--data", str(spec))
    assert code == 1
    assert said in out


def test_bytes_of_another_encoding_are_found(spec: Path, rows: Path, airmedic: Airmedic) -> None:
    rows.write_bytes(rows.read_text().replace("flex", "Zürich").encode("cp1252"))
    code, out, _ = airmedic("validate", "--data", str(spec))
    assert code == 1
    assert "data.encoding: 'plan' holds bytes that are no text in utf-8: 'Z\N{REPLACEMENT CHARACTER}rich'" in out
    spec.write_text(spec.read_text().replace("data:", "data:\n  encoding: cp1252"))
    assert airmedic("validate", "--data", str(spec))[0] == 0


@pytest.mark.parametrize("new", ["target: plan\npositive: flex", "target: churned\npositive: 0", "target: plan"])
def test_a_target_that_fits_its_data_is_valid(spec: Path, airmedic: Airmedic, new: str) -> None:
    spec.write_text(spec.read_text().replace("target: churned", new) + "retrain: json:dumps\n")
    code, out, _ = airmedic("validate", "--data", str(spec))
    assert code == 0, out


def test_an_unset_variable_skips_the_spec_unless_it_was_asked_for(
    home: Path, spec: Path, airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRMEDIC_DATA", raising=False)
    example = home / "models" / "example.yaml"
    example.write_text(
        spec.read_text().replace("name: customers", "name: example").replace(str(home), "${AIRMEDIC_DATA}")
    )
    code, out, _ = airmedic("validate")
    assert code == 0
    assert "example.yaml is skipped" in out
    assert "Set the variable AIRMEDIC_DATA." in out
    assert airmedic("validate", str(example))[0] == 1
    code, out, _ = airmedic("doctor")
    assert code == 0, out
    assert "AIRMEDIC_DATA" in out


def test_broken_yaml_is_told_by_its_place(spec: Path, airmedic: Airmedic) -> None:
    spec.write_text("name: customers\ntask: [binary\n")
    code, out, _ = airmedic("validate", str(spec))
    assert code == 1
    assert "customers.yaml is not valid YAML: line " in out
    assert "unicode string" not in out
    assert "\n   Correct it there.\n" in out


def test_a_spec_is_named_as_by_the_other_commands(spec: Path, airmedic: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = airmedic("validate", spec.stem)
    assert (code, out.split()[:2]) == (0, ["ok", spec.name])
    assert airmedic("validate", "no_such_model")[0] == 1


@pytest.mark.parametrize(
    ("manager", "approvers", "named"),
    [
        (FAB, "[anna, '3', 'group:ml']", "'anna', 'boris'"),
        (FAB, "['3', '4']", ""),
        ("airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager", "[anna]", ""),
        ("", "[anna]", ""),
    ],
)
def test_names_of_approvers_are_remarked_where_airflow_compares_ids(
    home: Path,
    spec: Path,
    airmedic: Airmedic,
    monkeypatch: pytest.MonkeyPatch,
    manager: str,
    approvers: str,
    named: str,
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(home))
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", manager)
    policies = home / "policies"
    rules = (policies / "default.yaml").read_text()
    policies.unlink()
    policies.mkdir()
    (policies / "default.yaml").write_text(rules)
    (policies / "groups.yaml").write_text("ml: [boris]\n")
    spec.write_text(spec.read_text() + f"approvers: {approvers}\n")
    code, out, _ = airmedic("validate", str(spec))
    assert code == 0, out
    remark = f"FabAuthManager tells users apart by their ids, and these are names: {named}."
    assert (remark in " ".join(out.split())) is bool(named), out
