from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from airmedic_core.errors import AirmedicError, MissingColumnError, SourceError, SpecError
from airmedic_core.sources import read_window
from airmedic_core.spec import load_spec
from airmedic_core.spec_inference import infer, model_name

Airmedic = Callable[..., tuple[int, str, str]]


def test_the_spec_that_it_writes_is_valid(home: Path, rows: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("init", str(rows))
    assert code == 0, out
    spec = load_spec(home / "models" / "customers.yaml")
    assert (spec.task, spec.target, spec.data.time_column) == ("binary", "churned", "seen_at")
    assert spec.features.numeric == ("calls",)
    assert spec.features.categorical == ("plan",)
    assert "customer_id" in spec.exclude
    assert spec.reference is not None
    # The rows end on 2026-02-28: 70 % of 58 days are 40 whole ones.
    assert (spec.reference.start, spec.reference.end) == ("2026-01-01", "2026-02-10")


def test_a_spec_that_exists_is_kept(home: Path, spec: Path, rows: Path, airmedic: Airmedic) -> None:
    before = spec.read_text()
    code, _, err = airmedic("init", str(rows))
    assert code == 2
    assert "--force" in err
    assert spec.read_text() == before
    assert airmedic("init", str(rows), "--force")[0] == 0
    assert spec.read_text() != before


def test_standard_output_is_the_spec_and_nothing_else(home: Path, rows: Path, airmedic: Airmedic) -> None:
    _, out, _ = airmedic("init", str(rows), "--out", "-", "--name", "mine")
    assert yaml.safe_load(out)["name"] == "mine"


def test_the_path_means_the_same_wherever_airflow_runs(
    home: Path, rows: Path, airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    monkeypatch.delenv("AIRMEDIC_DATA", raising=False)
    _, out, _ = airmedic("init", rows.name, "--out", "-")
    assert yaml.safe_load(out)["data"]["path"] == str(rows)
    monkeypatch.setenv("AIRMEDIC_DATA", str(home))
    _, out, _ = airmedic("init", rows.name, "--out", "-")
    assert yaml.safe_load(out)["data"]["path"] == "${AIRMEDIC_DATA}/customers.csv"


def test_columns_that_give_the_answer_away_are_named(home: Path, rows: Path) -> None:
    frame = pd.read_csv(rows)
    frame["left_because"] = frame["churned"].map({0: "stayed", 1: "price"})
    frame["points"] = frame["calls"] * 2
    frame.to_csv(rows, index=False)
    assert set(infer(str(rows)).suspicious) == {"left_because"}


@pytest.mark.parametrize(
    ("values", "task"),
    [([0, 1], "binary"), (["a", "b", "c"], "multiclass"), (list(range(40)), "regression"), ([1, 2, 3], "multiclass")],
)
def test_the_task_follows_from_the_target(tmp_path: Path, values: list[object], task: str) -> None:
    path = tmp_path / "rows.csv"
    at = pd.date_range("2026-01-01", periods=400, freq="h")
    pd.DataFrame({"at": at, "x": range(400), "target": np.resize(np.array(values, dtype=object), 400)}).to_csv(
        path, index=False
    )
    assert infer(str(path)).task == task


@pytest.mark.parametrize(
    ("per_day", "days", "every"), [(400, 30, "day"), (40, 100, "week"), (10, 730, "month"), (9600, 2, "hour")]
)
def test_a_window_holds_enough_rows_and_there_are_enough_windows(
    tmp_path: Path, per_day: int, days: int, every: str
) -> None:
    path = tmp_path / "rows.parquet"
    at = pd.date_range("2025-01-06", periods=per_day * days, freq=f"{86_400 // per_day}s")
    pd.DataFrame({"at": at, "x": np.arange(len(at)) % 7, "target": np.arange(len(at)) % 2}).to_parquet(path)
    assert infer(str(path)).every == every


@pytest.mark.parametrize(
    ("flags", "error", "said"),
    [
        ({}, SpecError, "--target"),
        ({"target": "chrned"}, MissingColumnError, "'churned'"),
        ({"target": "churned", "time_column": "seen"}, MissingColumnError, "seen_at"),
        ({"target": "constant"}, SpecError, "1 different values"),
    ],
)
def test_what_cannot_be_guessed_names_the_flag(
    rows: Path, flags: dict[str, str], error: type[AirmedicError], said: str
) -> None:
    frame = pd.read_csv(rows).assign(label=1, constant=1)
    frame.to_csv(rows, index=False)
    with pytest.raises(error, match=said):
        infer(str(rows), **flags)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00garbage\x00"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "rows.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=r"There is no file|rows\.csv' cannot be read|in another encoding"):
        infer(str(path), target="y")


@pytest.mark.parametrize(
    ("path", "name"),
    [("/data/Hotel Bookings-2026.csv.gz", "hotel_bookings_2026"), ("2026.csv", "model"), ("s3://x/größe.csv", "gr_e")],
)
def test_model_names_are_made_from_file_names(path: str, name: str) -> None:
    assert model_name(path) == name


def test_a_spec_is_named_as_its_file(home: Path, rows: Path, airmedic: Airmedic) -> None:
    out = home / "churn.yaml"
    airmedic("init", str(rows), "--out", str(out))
    assert load_spec(out).name == "churn"
    assert airmedic("validate", str(out))[0] == 0
    _, said, _ = airmedic("init", str(rows), "--out", str(home / "other.yaml"), "--name", "mine")
    assert "rename it to mine.yaml" in said


def test_numbers_that_name_things_are_no_input(home: Path, rows: Path) -> None:
    frame = pd.read_csv(rows)
    # Customers who come back: neither unique nor a counter.
    frame["customer_id"] = np.random.default_rng(1).integers(10_000, 10_900, len(frame))
    frame["region_id"] = np.arange(len(frame)) % 8
    frame["paid"] = np.random.default_rng(2).integers(0, 900, len(frame))
    frame.to_csv(rows, index=False)
    inferred = infer(str(rows))
    assert "by its name" in inferred.exclude["customer_id"]
    assert inferred.numeric == ("calls", "region_id", "paid")


def test_times_in_milliseconds_since_1970_are_recognised(home: Path, rows: Path, airmedic: Airmedic) -> None:
    frame = pd.read_csv(rows)
    frame["seen_at"] = pd.to_datetime(frame["seen_at"], utc=True).dt.as_unit("ms").astype("int64")
    frame.to_csv(rows, index=False)
    code, _, err = airmedic("init", str(rows))
    assert code == 0, err
    data = load_spec(home / "models" / "customers.yaml").data
    assert (data.time_column, data.time_format) == ("seen_at", "unix_ms")


@pytest.mark.parametrize("form", ["%d.%m.%Y %H:%M", "%m/%d/%Y", "%Y%m%d"])
def test_times_as_people_write_them_are_recognised(home: Path, rows: Path, airmedic: Airmedic, form: str) -> None:
    frame = pd.read_csv(rows)
    days = pd.to_datetime(frame["seen_at"])
    frame.assign(seen_at=days.dt.strftime(form)).to_csv(rows, index=False)
    code, _, err = airmedic("init", str(rows))
    assert code == 0, err
    spec = load_spec(home / "models" / "customers.yaml")
    assert (spec.data.time_column, spec.data.time_format) == ("seen_at", form)
    read = read_window(spec, None)["seen_at"]
    assert read.dt.strftime(form).tolist() == days.dt.strftime(form).tolist()


def test_day_and_month_that_cannot_be_told_apart_are_asked_for(home: Path, rows: Path, airmedic: Airmedic) -> None:
    frame = pd.read_csv(rows)
    months = np.resize(np.array(["01/01/2026", "01/02/2026", "01/03/2026"]), len(frame))
    frame.assign(seen_at=np.sort(months)).to_csv(rows, index=False)
    code, _, err = airmedic("init", str(rows))
    assert code == 2
    assert "--time-format '%d/%m/%Y', or '%m/%d/%Y'" in err
    assert airmedic("init", str(rows), "--time-format", "%d/%m/%Y")[0] == 0
    spec = load_spec(home / "models" / "customers.yaml")
    assert (spec.data.time_format, spec.window.every) == ("%d/%m/%Y", "month")


@pytest.mark.parametrize(
    ("written", "encoding"), [("cp1252", "cp1252"), ("utf-16", "utf-16"), ("utf-8-sig", "utf-8"), ("utf-8", "utf-8")]
)
def test_the_encoding_of_the_rows_is_written(
    home: Path, rows: Path, airmedic: Airmedic, written: str, encoding: str
) -> None:
    frame = pd.read_csv(rows)
    frame["city"] = np.resize(np.array(["Zürich", "Malmö"]), len(frame))
    frame.to_csv(rows, index=False, encoding=written)
    assert airmedic("init", str(rows))[0] == 0
    spec = load_spec(home / "models" / "customers.yaml")
    assert spec.data.encoding == encoding
    assert set(read_window(spec, None)["city"]) == {"Zürich", "Malmö"}


def test_rows_between_semicolons_have_decimals_with_commas(home: Path, rows: Path, airmedic: Airmedic) -> None:
    frame = pd.read_csv(rows)
    frame["paid"] = np.linspace(1.5, 99_999.5, len(frame))
    written = frame["paid"].map("{:,.2f}".format).str.translate(str.maketrans(",.", ".,"))
    frame.assign(paid=written).to_csv(rows, index=False, sep=";")
    assert airmedic("init", str(rows))[0] == 0
    spec = load_spec(home / "models" / "customers.yaml")
    assert "paid" in spec.features.numeric
    assert read_window(spec, None)["paid"].tolist() == pytest.approx(frame["paid"].round(2).tolist())


def _rows_of(path: Path, times: pd.DatetimeIndex, **columns: object) -> str:
    random = np.random.default_rng(5)
    frame = pd.DataFrame(
        {"at": times, "x": random.normal(size=len(times)), "target": random.integers(0, 2, len(times))}
    )
    frame.assign(**columns).to_parquet(path)
    return str(path)


@pytest.mark.parametrize(
    ("freq", "count", "rows", "every"), [("MS", 24, 500, "month"), ("W-MON", 30, 400, "week"), ("MS", 8, 50, "month")]
)
def test_rows_that_come_at_once_are_no_hourly_windows(
    tmp_path: Path, freq: str, count: int, rows: int, every: str
) -> None:
    times = pd.date_range("2024-01-01", periods=count, freq=freq).repeat(rows)
    assert infer(_rows_of(tmp_path / "rows.parquet", times)).every == every


def test_the_positive_class_is_written_where_classes_have_names(home: Path, rows: Path, airmedic: Airmedic) -> None:
    frame = pd.read_csv(rows)
    # Fewer than half of the customers leave.
    assert frame["churned"].mean() < 0.5
    for names, positive in (({0: "stays", 1: "leaves"}, "leaves"), ({0: "yes", 1: "no"}, "yes")):
        frame.assign(churned=frame["churned"].map(names)).to_csv(rows, index=False)
        airmedic("init", str(rows), "--target", "churned", "--force")
        assert load_spec(home / "models" / "customers.yaml").positive == positive
    frame.to_csv(rows, index=False)
    assert infer(str(rows)).positive is None


def test_what_tells_too_much_alone_and_what_moves_with_time_are_named(
    home: Path, rows: Path, airmedic: Airmedic
) -> None:
    frame = pd.read_csv(rows)
    random = np.random.default_rng(1)
    # Two normals whose means are 1.5 standard deviations apart: AUC = Phi(1.5 / sqrt 2) = 0.86.
    frame["duration"] = random.normal(size=len(frame)) + 1.5 * frame["churned"]
    frame["running_number"] = np.arange(len(frame)) * 3
    frame.to_csv(rows, index=False)
    inferred = infer(str(rows))
    assert set(inferred.suspicious) == {"duration"}
    assert abs(float(inferred.suspicious["duration"].rsplit(" ", 1)[1]) - 0.86) <= 0.02
    assert set(inferred.rising) == {"running_number"}
    _, out, _ = airmedic("init", str(rows), "--force")
    assert "duration may give the answer away" in out
    assert "running_number moves with time alone" in out
    assert load_spec(home / "models" / "customers.yaml")
