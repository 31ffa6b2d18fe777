import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airmedic_core.profile import Edges
from airmedic_core.sources import read_window
from airmedic_core.spec import parse_spec

ROWS = 3000


def a_spec(**changes):
    raw = {
        "name": "churn",
        "task": "binary",
        "target": "left",
        "data": {"path": "rows.csv", "time_column": "day"},
        "segments": ["plan"],
        "features": {"categorical": ["plan", "pro", "tier"]},
    }
    return parse_spec({**raw, **changes})


def some_rows(seed=0, rows=ROWS, shift=0.0):
    """Rows with every kind of column: smooth, heavy-tailed, discrete, textual numbers, text, booleans, categories."""
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "day": pd.date_range("2026-01-01", periods=rows, freq="h", tz="UTC"),
            "age": np.where(generator.random(rows) < 0.05, np.nan, generator.normal(40 + shift, 10, rows)),
            "spend": generator.lognormal(2, 1.2, rows) * (1 + shift / 10),
            "visits": generator.poisson(2 + shift / 10, rows),
            "text_number": generator.normal(0, 1, rows).round(2).astype(str),
            "plan": generator.choice(
                np.array(["basic", "pro", "max", None], dtype=object), rows, p=[0.5, 0.3, 0.15, 0.05]
            ),
            "pro": generator.random(rows) < 0.3,
            "tier": generator.integers(0, 4, rows),
            "left": (generator.random(rows) < 0.2).astype(int),
        }
    )


@pytest.fixture(scope="session")
def spec():
    return a_spec()


@pytest.fixture(scope="session")
def reference_rows():
    return some_rows()


@pytest.fixture(scope="session")
def edges(spec, reference_rows):
    return Edges.from_frame(spec, reference_rows, np.random.default_rng(1).random(ROWS))


@pytest.fixture(scope="session")
def hotel_rows():
    default = Path(__file__).parents[4] / "shared" / "data"
    folder = Path(os.environ.get("AIRMEDIC_DATA") or default)
    path = folder / "hotel_bookings" / "hotel_bookings.csv.gz"
    if not path.exists():
        pytest.skip("the hotel bookings are not there; set AIRMEDIC_DATA to the folder of the data sets")
    return read_window(hotel_spec(path), None)


def hotel_spec(path="hotel_bookings.csv.gz"):
    return parse_spec(
        {
            "name": "hotel",
            "task": "binary",
            "target": "is_canceled",
            "label_time_column": "reservation_status_date",
            "data": {"path": str(path), "time_column": "arrival_date"},
            "exclude": ["reservation_status", "assigned_room_type", "deposit_type", "country"],
            "window": "month",
            "segments": ["hotel"],
        }
    )
