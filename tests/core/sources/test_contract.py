from pathlib import Path

import duckdb
import pandas as pd

from airmedic.testing import Arrangement, contract_tests
from airmedic_core.records import Json


def a_file(folder: Path, rows: pd.DataFrame) -> Json:
    rows.to_parquet(folder / "rows.parquet")
    return {"path": str(folder / "rows.parquet")}


def a_database(folder: Path, rows: pd.DataFrame) -> Json:
    with duckdb.connect(folder / "rows.duckdb") as database:
        database.register("delivered", rows)
        database.execute("create table renewals as select * from delivered")
    return {"connection": f"duckdb://{folder / 'rows.duckdb'}", "table": "renewals"}


test_files = contract_tests("sources", "file", arrange=Arrangement(deliver=a_file))
test_sql = contract_tests("sources", "sql", arrange=Arrangement(deliver=a_database))
