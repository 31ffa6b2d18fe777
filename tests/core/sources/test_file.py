import gzip
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airmedic_core.errors import MissingBatchError, MissingColumnError, SourceError
from airmedic_core.reading.parquet_files import row_groups
from airmedic_core.sources import UnreadableDataError, count_rows, iter_window, open_window, read_sample, read_window
from airmedic_core.spec import parse_spec
from airmedic_core.windows import Window

JANUARY = Window("2026-01-01", "2026-02-01")
FAR = Window("2030-01-01", "2030-01-02")
DAY = Window("2026-01-03", "2026-01-04")


def a_spec(path, every="day", **data):
    return parse_spec(
        {
            "name": "churn",
            "task": "binary",
            "target": "left",
            "label_time_column": "known_on",
            "data": {"path": str(path), "time_column": "day", **data},
            "window": every,
        }
    )


def rows(days=31, start="2026-01-01"):
    day = pd.date_range(start, periods=days, freq="D")
    count = np.arange(days)
    return pd.DataFrame(
        {
            "day": day.strftime("%Y-%m-%d"),
            "age": count * 1.5,
            "visits": count,
            "plan": np.where(count % 2, "basic", "pro"),
            "left": count % 3 == 0,
            "known_on": (day + pd.Timedelta(days=9)).strftime("%Y-%m-%dT%H:%M+01:00"),
        }
    )


@pytest.fixture(params=["rows.csv", "rows.csv.gz", "rows.parquet"])
def path(request, tmp_path):
    place = tmp_path / request.param
    write(place, rows().sample(frac=1, random_state=0))
    return place


def write(place, frame):
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.suffix == ".parquet":
        frame.assign(day=pd.to_datetime(frame["day"])).to_parquet(place, index=False, row_group_size=5)
    else:
        frame.to_csv(place, index=False)


def test_a_window_holds_its_start_and_not_its_end(path):
    frame = read_window(a_spec(path), Window("2026-01-03", "2026-01-06"))
    assert frame["visits"].tolist() == [2, 3, 4]
    assert frame["day"].iloc[0] == datetime(2026, 1, 3, tzinfo=UTC)


def test_without_a_window_all_rows_come_sorted_by_time(path):
    frame = read_window(a_spec(path), None)
    assert frame["visits"].tolist() == list(range(31))


def test_label_times_are_moments_in_utc(path):
    frame = read_window(a_spec(path), DAY)
    assert frame["known_on"].iloc[0] == datetime(2026, 1, 11, 23, tzinfo=UTC)


def test_types_are_those_of_the_file(path):
    frame = read_window(a_spec(path), None)
    assert frame["age"].dtype == "float64"
    assert frame["visits"].dtype == "int64"
    assert frame["plan"].iloc[0] == "pro"
    assert frame["left"].dtype == "bool"


def test_only_the_columns_that_are_asked_for_are_read(path):
    assert list(read_window(a_spec(path), None, columns=["plan"]).columns) == ["day", "plan"]


def test_a_stream_has_the_same_rows(path):
    spec = a_spec(path)
    streamed = pa.Table.from_batches(list(iter_window(spec, DAY, columns=["visits", "plan"]))).to_pandas()
    assert streamed["visits"].tolist() == read_window(spec, DAY)["visits"].tolist()
    assert streamed["plan"].astype(str).tolist() == ["pro"]


def test_an_empty_window_is_empty_if_later_rows_exist(tmp_path):
    write(tmp_path / "rows.csv", pd.concat([rows(2), rows(2, start="2026-01-10")]))
    spec = a_spec(tmp_path / "rows.csv")
    assert len(read_window(spec, DAY)) == 0
    assert list(read_window(spec, DAY).columns) == list(rows().columns)
    assert list(iter_window(spec, DAY)) == [] or sum(batch.num_rows for batch in iter_window(spec, DAY)) == 0


def test_a_window_after_the_newest_row_has_not_arrived(path):
    with pytest.raises(MissingBatchError, match=r"has not arrived\. The newest row is of 2026-01-31") as refused:
        read_window(a_spec(path), Window("2026-02-01", "2026-02-02"))
    assert refused.value.transient
    with pytest.raises(MissingBatchError):
        list(iter_window(a_spec(path), Window("2026-02-01", "2026-02-02")))


def test_a_file_that_is_not_there_yet_is_answered_with_its_neighbour(tmp_path):
    write(tmp_path / "rows.csv", rows())
    with pytest.raises(MissingBatchError, match=r"Did you mean 'rows\.csv'"):
        read_window(a_spec(tmp_path / "row.csv"), DAY)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingBatchError, match="There is no folder"):
        read_window(a_spec(tmp_path / "nowhere" / "rows.csv"), DAY)


def test_there_may_be_one_file_for_each_window(tmp_path):
    for number, day in enumerate(["2026-01-01", "2026-01-02", "2026-01-03"]):
        write(tmp_path / f"{day}.csv", rows(1, start=day).assign(visits=number))
    spec = a_spec(tmp_path / "{window_start:%Y-%m-%d}.csv")
    assert read_window(spec, DAY)["visits"].tolist() == [2]
    assert read_window(spec, Window("2026-01-01", "2026-01-03"))["visits"].tolist() == [0, 1]
    assert read_window(spec, None)["visits"].tolist() == [0, 1, 2]
    with pytest.raises(MissingBatchError, match=r"2026-01-04\.csv"):
        read_window(spec, Window("2026-01-04", "2026-01-05"))


def test_a_window_s_own_file_may_be_empty(tmp_path):
    write(tmp_path / "2026-01-03.csv", rows(0))
    assert len(read_window(a_spec(tmp_path / "{window_start:%Y-%m-%d}.csv"), DAY)) == 0


def test_a_placeholder_that_is_none_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="a placeholder that is not valid"):
        read_window(a_spec(tmp_path / "{window_start:%Y}{oops}.csv"), DAY)


def test_globs_and_folders_are_read_as_one(tmp_path):
    write(tmp_path / "data" / "a.parquet", rows(3))
    write(tmp_path / "data" / "b.parquet", rows(3, start="2026-01-04").drop(columns="plan"))
    (tmp_path / "data" / "_SUCCESS").touch()
    for place in (tmp_path / "data" / "*.parquet", tmp_path / "data"):
        frame = read_window(a_spec(place), None)
        assert len(frame) == 6
        assert frame["plan"].isna().tolist() == [False] * 3 + [True] * 3


def test_files_may_disagree_about_a_type(tmp_path):
    write(tmp_path / "a.csv", rows(2))
    write(tmp_path / "b.csv", rows(2, start="2026-01-03").assign(age=["old", "new"]))
    assert read_window(a_spec(tmp_path / "*.csv"), None)["age"].tolist() == ["0", "1.5", "old", "new"]


def test_any_file_system_that_fsspec_knows_will_do(path):
    import fsspec

    url = f"memory://bucket/{path.name}"
    with fsspec.open(url, "wb") as target:
        target.write(path.read_bytes())
    assert len(read_window(a_spec(url), JANUARY)) == 31
    assert sum(batch.num_rows for batch in iter_window(a_spec(url), JANUARY)) == 31


def test_an_unknown_protocol_is_an_error():
    with pytest.raises(SourceError, match="Install the fsspec package of its protocol"):
        read_window(a_spec("nothing://bucket/rows.csv"), DAY)


def test_a_name_that_says_no_format_is_an_error(tmp_path):
    (tmp_path / "rows.xlsx").write_bytes(b"x")
    with pytest.raises(SourceError, match="neither csv nor parquet"):
        read_window(a_spec(tmp_path / "rows.xlsx"), DAY)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", b""),
        ("rows.csv", b"day,age\n2026-01-01,1,2\n"),
        ("rows.csv.gz", b"no gzip"),
        ("rows.csv.gz", gzip.compress(b"day,age\n2026-01-01,1\n" * 9999)[:-20]),
        ("rows.parquet", b"PAR1 but not really"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableDataError, match=rf"{name}' cannot be read"):
        read_window(a_spec(tmp_path / name), None)
    with pytest.raises(UnreadableDataError, match=rf"{name}' cannot be read"):
        list(iter_window(a_spec(tmp_path / name), None))


def test_a_missing_time_column_is_answered_with_the_closest(tmp_path):
    write(tmp_path / "rows.csv", rows().rename(columns={"day": "days"}))
    with pytest.raises(MissingColumnError, match=r"no time column 'day'\. Did you mean 'days'"):
        read_window(a_spec(tmp_path / "rows.csv"), DAY)


def test_a_missing_column_that_is_asked_for_is_an_error(path):
    with pytest.raises(MissingColumnError, match=r"no column 'agee'\. Did you mean 'age'"):
        read_window(a_spec(path), DAY, columns=["agee"])


def test_a_missing_target_is_none_yet(tmp_path):
    write(tmp_path / "rows.csv", rows().drop(columns=["left", "known_on"]))
    assert "left" not in read_window(a_spec(tmp_path / "rows.csv"), DAY)


def test_columns_of_one_name_are_all_there(tmp_path):
    (tmp_path / "rows.csv").write_text("day,age,age,age\n2026-01-03,1,x,2.5\n")
    table = pa.table([pa.array(["2026-01-03"]), pa.array([1]), pa.array(["x"])], names=["day", "age", "age"])
    pq.write_table(table, tmp_path / "rows.parquet")
    spec = a_spec(tmp_path / "rows.csv")
    frame = read_window(spec, DAY)
    assert list(frame.columns) == ["day", "age", "age (2)", "age (3)"]
    assert frame.iloc[0, 1:].tolist() == [1, "x", 2.5]
    assert read_window(spec, DAY, columns=["age"])["age"].tolist() == [1]
    assert next(iter_window(spec, DAY)).schema.names == list(frame.columns)
    parquet = read_window(a_spec(tmp_path / "rows.parquet"), DAY, columns=["age (2)"])
    assert parquet["age (2)"].tolist() == ["x"]


def test_bytes_that_are_no_utf8_spoil_their_own_values_only(tmp_path):
    (tmp_path / "rows.csv").write_bytes(b"day,age,plan\n2026-01-03,1,caf\xe9\n2026-01-03,2,pro\n")
    frame = read_window(a_spec(tmp_path / "rows.csv"), DAY)
    assert frame["plan"].tolist() == ["caf\ufffd", "pro"]
    assert frame["age"].tolist() == [1, 2]
    right = read_window(a_spec(tmp_path / "rows.csv", encoding="latin-1"), DAY)
    assert right["plan"].tolist() == ["café", "pro"]
    assert sum(batch.num_rows for batch in iter_window(a_spec(tmp_path / "rows.csv"), DAY)) == 2


def test_times_with_and_without_zones_meet_in_utc(tmp_path):
    (tmp_path / "rows.csv").write_text(
        "day,age\n2026-01-03T01:00:00+02:00,1\n2026-01-03 01:00,2\n2026-01-03T01:00Z,3\n"
    )
    frame = read_window(a_spec(tmp_path / "rows.csv"), Window("2026-01-02", "2026-01-04"))
    assert frame["age"].tolist() == [1, 2, 3]
    assert frame["day"].dt.hour.tolist() == [23, 1, 1]


@pytest.mark.parametrize(
    ("time_format", "text"),
    [("%d/%m/%Y", "03/01/2026"), ("%Y%m%d", "20260103"), ("unix", "1767398400"), ("unix_ms", "1767398400000")],
)
def test_times_may_be_written_in_a_format_of_their_own(tmp_path, time_format, text):
    (tmp_path / "rows.csv").write_text(f"day,age\n{text},1\n")
    spec = a_spec(tmp_path / "rows.csv", time_format=time_format)
    assert read_window(spec, DAY)["age"].tolist() == [1]
    assert sum(batch.num_rows for batch in iter_window(spec, DAY)) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("03/01/2026", "holds '03/01/2026', which is no ISO 8601 date or time. Set data.time_format"),
        ("1767398400", "holds numbers. Set data.time_format to unix"),
    ],
)
def test_times_that_cannot_be_read_say_which_key_to_set(tmp_path, text, message):
    (tmp_path / "rows.csv").write_text(f"day,age\n{text},1\n")
    with pytest.raises(UnreadableDataError, match=message):
        read_window(a_spec(tmp_path / "rows.csv"), DAY)


def test_single_rows_without_a_time_are_left_out_and_counted(tmp_path):
    (tmp_path / "rows.csv").write_text("day,age\n2026-01-03,1\nsoon,2\n,3\n2026-01-03,4\n2026-01-03,5\n")
    frame = read_window(a_spec(tmp_path / "rows.csv"), DAY)
    assert frame["age"].tolist() == [1, 4, 5]
    assert frame.attrs["rows_without_time"] == 2


def test_parquet_types_come_out_as_models_take_them(tmp_path):
    from decimal import Decimal

    table = pa.table(
        {
            "day": pa.array([datetime(2026, 1, 3, tzinfo=UTC)], pa.timestamp("ms", tz="Asia/Tokyo")),
            "price": pa.array([Decimal("1.50")], pa.decimal128(9, 2)),
            "plan": pa.array(["pro"]).dictionary_encode(),
            "raw": pa.array([b"abc"]),
            "empty": pa.nulls(1),
            "tags": pa.array([[1, 2]]),
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    frame = read_window(a_spec(tmp_path / "rows.parquet"), DAY)
    assert frame["price"].tolist() == [1.5]
    assert frame["plan"].tolist() == ["pro"]
    assert frame["raw"].tolist() == ["abc"]
    assert frame["empty"].isna().all()
    assert list(frame["tags"].iloc[0]) == [1, 2]


def test_row_groups_of_other_times_are_not_read(tmp_path):
    frame = rows().assign(day=lambda table: pd.to_datetime(table["day"]))
    frame.to_parquet(tmp_path / "rows.parquet", index=False, row_group_size=5)
    with pq.ParquetFile(tmp_path / "rows.parquet") as parquet:
        picked = {
            name: row_groups(parquet, "day", window).numbers
            for name, window in {"some": Window("2026-01-07", "2026-01-09"), "none": FAR, "all": None}.items()
        }
    assert picked == {"some": [1], "none": [], "all": list(range(7))}


def test_rows_are_counted_without_their_columns(path):
    spec = a_spec(path)
    assert count_rows(spec, DAY) == 1
    assert count_rows(spec, None) == 31
    with pytest.raises(MissingBatchError):
        count_rows(spec, FAR)


def test_times_in_a_format_of_their_own_are_streamed(tmp_path):
    frame = rows().assign(day=[f"202601{number:02}" for number in range(1, 32)]).drop(columns="known_on")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    spec = a_spec(tmp_path / "rows.csv", time_format="%Y%m%d")
    with open_window(spec, DAY) as batches:
        streamed = pa.Table.from_batches(list(batches)).to_pandas()
    assert streamed["day"].tolist() == read_window(spec, DAY)["day"].tolist() == [datetime(2026, 1, 3, tzinfo=UTC)]


def test_a_small_window_is_read_whole_and_a_large_one_in_part(tmp_path):
    write(tmp_path / "rows.parquet", pd.concat([rows()] * 200))
    spec = a_spec(tmp_path / "rows.parquet", sample_rows=1000)
    pd.testing.assert_frame_equal(read_sample(spec, DAY), read_window(spec, DAY))
    part = read_sample(spec, JANUARY, columns=["visits"])
    assert len(part) == pytest.approx(1000, abs=5)
    assert list(part.columns) == ["day", "visits"]
    assert part["visits"].value_counts().between(25, 40).all()
    assert part["day"].is_monotonic_increasing
