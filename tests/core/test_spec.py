import traceback

import pytest

from airmedic_core.errors import SpecError
from airmedic_core.spec import load_spec, parse_spec, spec_files
from airmedic_core.windows import Every, Window

LEAST = """
name: churn
task: binary
target: left
data:
  path: ${PLACE:-/data}/rows.csv
  time_column: day
"""


def least(**changes):
    raw = {"name": "churn", "task": "binary", "target": "left", "data": {"path": "rows.csv", "time_column": "day"}}
    return {**raw, **changes}


def written(folder, text, name="churn.yaml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_least_that_works(tmp_path):
    spec = load_spec(written(tmp_path, LEAST), env={})
    assert spec.data.path == "/data/rows.csv"
    assert spec.window.step == Every(1, "day")
    assert spec.metric == "roc_auc"


def test_variables_come_from_the_environment(tmp_path):
    assert load_spec(written(tmp_path, LEAST), env={"PLACE": "s3://bucket"}).data.path == "s3://bucket/rows.csv"


def test_a_variable_that_is_not_set_is_named(tmp_path):
    with pytest.raises(SpecError, match=r"churn.yaml uses \$\{PLACE\}, which is not set. Set the variable PLACE."):
        load_spec(written(tmp_path, LEAST.replace(":-/data", "")), env={})


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (least(targte="left"), r"targte: unknown key. Did you mean 'target'\?"),
        (least(window={"evry": "day"}), r"window.evry: unknown key. Did you mean 'every'\?"),
        (least(data={"path": "rows.csv", "time_colum": "day"}), r"data.time_colum: unknown key"),
        ({"name": "churn"}, "task: missing. It is required."),
        (least(task="ranking"), "task: Input should be 'binary', 'multiclass' or 'regression'. Found 'ranking'."),
        (least(name="Churn model"), "name: use small letters, digits and underscores, .* Found 'Churn model'."),
        (least(window="fortnight"), "window.every: .*is not a step in time"),
        (least(data={"time_column": "day"}), "data: data.path is missing"),
        (least(data={"source": "sql", "time_column": "day"}), "source: sql needs data.connection"),
        (
            least(data={"source": "kafka", "time_column": "day", "path": "x"}),
            "  data.source: there is no source 'kafka'. Known: file, sql.",
        ),
        (least(rollout="blue"), "  rollout.strategy: there is no rollout strategy 'blue'. Known: "),
        (least(reference={"start": "2026-02-01", "end": "2026-01-01"}), "reference: The window .* is empty"),
        (least(gate={"confidence": 2}), "gate.confidence: Input should be less than 1"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(raw, message):
    with pytest.raises(SpecError, match=message):
        parse_spec(raw)


def test_every_problem_is_listed_up_to_a_bound():
    with pytest.raises(SpecError) as refused:
        parse_spec(least(**{f"key{number}": 1 for number in range(15)}))
    assert "… and 5 more." in str(refused.value)


def test_a_check_that_does_not_exist_is_an_error():
    with pytest.raises(SpecError, match=r"checks: there is no check 'drfit'. Did you mean 'drift'\?"):
        parse_spec(least(checks={"drfit": {}}))


def test_short_forms_stand_for_the_section():
    spec = parse_spec(least(window="month", retrain="package.module:function", rollout="simple", quality="suite.json"))
    assert (spec.window.every, spec.retrain.using) == ("month", "package.module:function")
    assert (spec.rollout.strategy, spec.quality.suite) == ("simple", "suite.json")


def test_the_reference_is_a_window():
    spec = parse_spec(least(reference={"start": "2026-01-01", "end": "2026-02-01"}))
    assert spec.reference is not None
    assert spec.reference.window == Window("2026-01-01", "2026-02-01")


def test_what_is_known_only_afterwards_is_no_feature():
    spec = parse_spec(least(exclude=["refund"], label_time_column="left_on", prediction={"score": "p"}))
    assert not any(map(spec.may_be_feature, ("left", "day", "left_on", "refund", "p")))
    assert spec.may_be_feature("p_a")


def test_a_missing_file_is_answered_with_the_closest(tmp_path):
    written(tmp_path, LEAST)
    with pytest.raises(SpecError, match=r"There is no model spec .*Did you mean 'churn.yaml'\?"):
        load_spec(tmp_path / "chrun.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", r"is not valid YAML: line \d+, column \d+: did not find"), ("- a", "holds no keys"), ("", "no keys")],
)
def test_a_file_that_is_no_spec_is_an_error(tmp_path, text, message):
    with pytest.raises(SpecError, match=message):
        load_spec(written(tmp_path, text))


def test_a_file_that_is_no_text_is_an_error(tmp_path):
    path = tmp_path / "churn.yaml"
    path.write_bytes(b"name: \xff\xfe")
    with pytest.raises(SpecError, match="cannot be read"):
        load_spec(path)


def test_drafts_and_hidden_files_are_no_specs(tmp_path):
    for name in ("b.yaml", "a.yaml", "_draft.yaml", ".hidden.yaml", "notes.md"):
        written(tmp_path, LEAST, name)
    assert [path.name for path in spec_files(tmp_path)] == ["a.yaml", "b.yaml"]


SECRET = {"HOOK": "https://hooks.example/hunter2"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("task: ${HOOK}", r"churn.yaml is not valid:\n  task: Input should be .* Found '\$\{HOOK\}'.$"),
        ("task: binary\nschedule: ${HOOK}", "  schedule: .*HOOK"),
        ("task: binary\nrollout: ${HOOK}", r"there is no rollout strategy '\$\{HOOK\}'"),
        ("task: binary\nowner: ['${HOOK}']", r"  owner: .*Found \['\$\{HOOK\}'\]"),
        ("task: binary\ngate: {min_rows: '${HOOK}'}", r"  gate.min_rows: .*Found '\$\{HOOK\}'"),
    ],
)
def test_what_is_wrong_is_told_without_the_values_of_variables(tmp_path, text, told):
    rest = "name: churn\ntarget: left\ndata: {path: rows.csv, time_column: day}\n"
    with pytest.raises(SpecError, match=told) as error:
        load_spec(written(tmp_path, rest + text), env=SECRET)
    # Logs and Airflow's import errors show the causes too.
    whole = "".join(traceback.format_exception(error.value))
    assert "hunter2" not in whole


def test_only_what_is_wrong_with_the_values_of_variables_is_told(tmp_path):
    text = f"{LEAST}gate: {{min_rows: '${{ROWS}}'}}".replace("binary", "binery")
    with pytest.raises(SpecError) as error:
        load_spec(written(tmp_path, text), env={"ROWS": "100"})
    # By itself `${ROWS}` would be no number.
    assert "min_rows" not in str(error.value)
    assert "Found 'binery'." in str(error.value)


def test_a_value_that_is_wrong_where_its_name_would_do_is_not_told(tmp_path):
    text = "name: churn\ntarget: left\ntask: binary\ndata: {path: '${PLACE}', time_column: day}\n"
    with pytest.raises(SpecError, match=r"  data: not valid with the values that its variables have here\.$"):
        load_spec(written(tmp_path, text), env={"PLACE": ""})
