"""The profile that a database computes equals the one computed here from the same rows."""

import duckdb
import ibis
import numpy as np
import pandas as pd
import pytest
import sqlalchemy

from airmedic_core.profile import ProfileError, build_profile, build_profile_ibis
from airmedic_core.sources import read_window
from airmedic_core.sources.sql import open_table, windowed
from airmedic_core.spec import parse_spec
from airmedic_core.windows import Window
from tests.core.profile.trees import close

MEASURES = {"score": "score", "label": "left", "loss": "loss"}


@pytest.fixture(scope="module")
def rows(reference_rows):
    return awkward_rows(reference_rows)


def awkward_rows(reference_rows):
    """Rows that drifted, with values of every awkward kind."""
    frame = reference_rows.head(1000).copy()
    generator = np.random.default_rng(5)
    frame["age"] = frame["age"] + 15
    frame.loc[:4, "age"] = [np.inf, -np.inf, np.nan, 0.0, -3.0]
    frame.loc[:4, "text_number"] = ["old", "", None, " 5 ", "1e3"]
    frame.loc[:2, "plan"] = ["unheard of", "", None]
    frame["score"] = generator.random(len(frame))
    frame.loc[7, "score"] = np.nan
    frame["left"] = np.where(generator.random(len(frame)) < 0.5, np.nan, frame["left"])
    frame["loss"] = frame["left"] * 0.3 + 0.1
    return frame


def compare(edges, rows, table):
    ours = build_profile(edges, rows, **MEASURES).to_json()
    close(build_profile_ibis(edges, table, **MEASURES).to_json(), ours)


def test_duckdb_gives_the_same_profile(edges, rows):
    backend = ibis.duckdb.connect()
    backend.con.register("visits", rows)
    compare(edges, rows, backend.table("visits"))


def test_a_column_that_the_table_lacks_counts_as_null(edges, rows):
    backend = ibis.duckdb.connect()
    part = rows.drop(columns=["age", "plan", "day"]).head(10)
    backend.con.register("visits", part)
    compare(edges, part, backend.table("visits"))


def test_columns_of_other_types_have_a_result(edges, rows):
    backend = ibis.duckdb.connect()
    part = pd.DataFrame({"age": rows["day"].head(5), "visits": [True, False, None, True, True], "spend": [None] * 5})
    backend.con.register("visits", part)
    table = backend.table("visits")
    close(build_profile_ibis(edges, table).to_json(), build_profile(edges, part).to_json())


def test_no_rows_are_a_profile(edges, rows):
    backend = ibis.duckdb.connect()
    backend.con.register("visits", rows)
    table = backend.table("visits")
    compare(edges, rows.head(0), table.filter(table.visits < 0))


def test_a_window_is_profiled_where_it_is(edges, rows, tmp_path):
    path = tmp_path / "visits.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.register("rows", rows)
        connection.execute("CREATE TABLE visits AS SELECT * FROM rows")
    data = {"source": "sql", "connection": f"duckdb://{path}", "table": "visits", "time_column": "day"}
    spec = parse_spec({"name": "churn", "task": "binary", "target": "left", "data": data})
    window = Window("2026-01-03", "2026-01-05")
    with open_table(spec) as table:
        profile = build_profile_ibis(edges, windowed(spec, table, window), window=window)
    inside = rows[(rows["day"] >= window.start) & (rows["day"] < window.end)]
    close(profile.to_json(), build_profile(edges, inside, window=window).to_json())


@pytest.mark.postgres
def test_postgres_gives_the_same_profile(edges, rows, postgres):
    data = {"source": "sql", "connection": postgres, "table": "visits", "time_column": "day"}
    spec = parse_spec({"name": "churn", "task": "binary", "target": "left", "data": data})
    engine = sqlalchemy.create_engine(postgres.replace("postgres://", "postgresql+psycopg://"))
    rows.to_sql("visits", engine, index=False)
    engine.dispose()
    window = Window("2026-01-03", "2026-01-05")
    inside = rows[(rows["day"] >= window.start) & (rows["day"] < window.end)]
    assert read_window(spec, window)["day"].tolist() == inside["day"].tolist()
    with open_table(spec) as table:
        profile = build_profile_ibis(edges, table, **MEASURES)
        part = build_profile_ibis(edges, windowed(spec, table, window))
    close(profile.to_json(), build_profile(edges, rows, **MEASURES).to_json())
    close(part.to_json(), build_profile(edges, inside).to_json())


def test_profiles_of_both_kinds_merge(edges, rows):
    backend = ibis.duckdb.connect()
    backend.con.register("visits", rows.tail(500))
    merged = build_profile(edges, rows.head(500)).merge(build_profile_ibis(edges, backend.table("visits")))
    close(merged.to_json(), build_profile(edges, rows).to_json())
    with pytest.raises(ProfileError):
        merged.merge(build_profile(type(edges)({}, {}), rows))
