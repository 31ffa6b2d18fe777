from datetime import UTC, datetime

import duckdb
import pytest

from airmedic_core.errors import MissingBatchError, MissingColumnError, SourceError, SourceUnavailableError
from airmedic_core.sources import UnreadableDataError, count_rows, iter_window, open_window, read_sample, read_window
from airmedic_core.sources.sql import connection_url
from airmedic_core.spec import parse_spec
from airmedic_core.windows import Window

WINDOW = Window("2026-01-01T12:00", "2026-01-02")
ROWS = """
CREATE TABLE visits AS SELECT
    moment AS naive,
    moment::TIMESTAMPTZ AS zoned,
    moment::DATE AS day,
    strftime(moment, '%Y-%m-%d %H:%M') AS text,
    strftime(moment, '%d.%m.%Y %H:%M') AS written,
    epoch(moment)::BIGINT AS seconds,
    epoch_us(moment) AS microseconds,
    epoch_ns(moment) AS nanoseconds,
    hour AS number,
    hour::DECIMAL(9, 2) AS price,
    CASE WHEN hour % 3 = 0 THEN 'a' END AS plan
FROM (SELECT hour, TIMESTAMP '2026-01-01' + INTERVAL (hour) HOUR AS moment FROM range(48) AS r(hour))
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    path = tmp_path_factory.mktemp("sql") / "visits.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(ROWS)
    return f"duckdb://{path}"


def a_spec(connection, **data):
    data = {"source": "sql", "connection": connection, "table": "visits", "time_column": "naive", **data}
    return parse_spec({"name": "churn", "task": "binary", "target": "left", "data": data})


@pytest.mark.parametrize(
    ("column", "time_format"),
    [
        ("naive", ""),
        ("zoned", ""),
        ("text", ""),
        ("written", "%d.%m.%Y %H:%M"),
        ("seconds", "unix"),
        ("microseconds", "unix_us"),
        ("nanoseconds", "unix_ns"),
    ],
)
def test_a_window_is_read_by_any_kind_of_time(url, column, time_format):
    spec = a_spec(url, time_column=column, time_format=time_format)
    frame = read_window(spec, WINDOW)
    assert frame["number"].tolist() == list(range(12, 24))
    assert frame[column].iloc[0] == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert sum(batch.num_rows for batch in iter_window(spec, WINDOW)) == 12


def test_dates_are_moments_at_midnight(url):
    assert len(read_window(a_spec(url, time_column="day"), Window("2026-01-02", "2026-01-03"))) == 24


def test_a_query_is_a_table(url):
    spec = a_spec(url, table="", query="SELECT naive, number * 2 AS twice FROM visits WHERE plan = 'a';")
    assert read_window(spec, WINDOW)["twice"].tolist() == [24, 30, 36, 42]
    assert sum(batch.num_rows for batch in iter_window(spec, WINDOW)) == 4


def test_types_come_out_as_models_take_them(url):
    frame = read_window(a_spec(url), WINDOW, columns=["price", "plan"])
    assert list(frame.columns) == ["naive", "price", "plan"]
    assert frame["price"].dtype == "float64"
    assert frame["plan"].iloc[0] == "a"
    assert frame["plan"].isna().iloc[1]


def test_a_window_after_the_newest_row_has_not_arrived(url):
    with pytest.raises(MissingBatchError, match=r"The newest row is of 2026-01-02 23:00"):
        read_window(a_spec(url), Window("2026-01-03", "2026-01-04"))


def test_an_empty_window_is_empty_if_later_rows_exist(url):
    assert len(read_window(a_spec(url), Window("2025-01-03", "2025-01-04"))) == 0


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ({"table": "visit"}, UnreadableDataError, "The table 'visit' of .* cannot be read"),
        ({"table": "", "query": "SELEC 1"}, UnreadableDataError, "The query of .* cannot be read: Parser Error"),
        ({"time_column": "moment"}, MissingColumnError, "no time column 'moment'"),
        ({"time_column": "seconds"}, UnreadableDataError, "holds numbers. Set data.time_format to unix"),
        ({"time_column": "price"}, UnreadableDataError, "is of type decimal"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(url, data, error, message):
    with pytest.raises(error, match=message):
        read_window(a_spec(url, **data), WINDOW)


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    path = tmp_path / "none.duckdb"
    with pytest.raises(SourceUnavailableError, match="There is no database"):
        read_window(a_spec(f"duckdb://{path}"), WINDOW)
    assert not path.exists()


def test_a_server_that_does_not_answer_is_worth_a_retry_and_keeps_its_password():
    with pytest.raises(SourceUnavailableError, match=r"postgres://me:\*\*\*@127\.0\.0\.1:1/db") as refused:
        read_window(a_spec("postgres://me:secret@127.0.0.1:1/db"), WINDOW)
    assert refused.value.transient
    assert "secret" not in str(refused.value)


def test_a_scheme_that_ibis_does_not_know_is_an_error():
    with pytest.raises(SourceError, match="is no database that Ibis knows"):
        read_window(a_spec("nothing://host/db"), WINDOW)


def test_a_connection_id_is_looked_up_in_the_environment(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://host/db")
    assert connection_url("warehouse") == "postgres://host/db"
    with pytest.raises(SourceError, match="'elsewhere' is no URL, and AIRFLOW_CONN_ELSEWHERE holds none"):
        connection_url("elsewhere")


def test_rows_are_counted_in_the_database(url):
    assert count_rows(a_spec(url), WINDOW) == 12
    assert count_rows(a_spec(url), None) == 48
    with pytest.raises(MissingBatchError, match="2026-01-02 23:00"):
        count_rows(a_spec(url), Window("2026-01-03", "2026-01-04"))


def test_a_table_stays_in_its_database_and_has_moments(url):
    with open_window(a_spec(url, time_column="written", time_format="%d.%m.%Y %H:%M"), WINDOW) as table:
        assert table.written.type().is_timestamp()
        assert table.number.sum().to_pyarrow().as_py() == sum(range(12, 24))


def test_a_sample_does_not_depend_on_the_order_in_which_a_table_answers(url):
    numbers = "SELECT naive, number + 48 * n AS number FROM visits, range(100) AS r(n)"
    samples = [
        read_sample(a_spec(url, table="", query=f"{numbers} ORDER BY {order}", sample_rows=1000), None)
        for order in ("number", "number DESC")
    ]
    assert samples[0]["number"].tolist() == samples[1]["number"].tolist()
    assert len(samples[0]) == pytest.approx(1000, abs=5)
