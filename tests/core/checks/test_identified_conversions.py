"""A conversion has to be identified: seasons and growth scale columns too, and one season covers no year."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from airmedic_core.pair import check_pair
from airmedic_core.records import Cause
from airmedic_core.spec import ModelSpec, parse_spec

SPEC = parse_spec(
    {
        "name": "garden",
        "task": "regression",
        "target": "y",
        "data": {"path": "rows.csv", "time_column": "at"},
        "features": {"numeric": ["humidity", "temperature", "soil", "gas"]},
    }
)


def hours(start: str, days: int, *, season: float = 1.0, seed: int = 0) -> pd.DataFrame:
    """Weather that a season scales: humidity, temperature and soil go with it, the gas does not."""
    rng = np.random.default_rng(seed)
    rows = 24 * days
    return pd.DataFrame(
        {
            "at": pd.date_range(start, periods=rows, freq="h", tz="UTC"),
            "humidity": season * rng.gamma(9.0, 1.0, rows),
            "temperature": 10.0 * season + rng.normal(0.0, 3.0, rows),
            "soil": 2.0 * season + rng.normal(0.0, 0.5, rows),
            "gas": rng.gamma(4.0, 100.0, rows) + 400.0,
            "y": rng.normal(size=rows),
        }
    )


def cause(current: pd.DataFrame, spec: ModelSpec = SPEC) -> Cause:
    return check_pair(spec, hours("2026-01-01", 60), current).assessment.cause


@pytest.mark.parametrize("season", [1.6, 1.85, 2.2])
def test_a_season_that_scales_columns_is_no_change_of_units(season: float) -> None:
    assert cause(hours("2026-06-01", 30, season=season, seed=1)) is not Cause.UNIT_CHANGE


def test_a_share_of_a_column_that_a_wet_month_scales_is_none_either() -> None:
    current = hours("2026-03-02", 30, seed=1)
    current.loc[::2, "humidity"] /= 1.7
    assert cause(current) is not Cause.UNIT_CHANGE


@pytest.mark.parametrize(
    ("column", "factor", "offset"), [("gas", 1e-4, 0.0), ("temperature", 1.8, 32.0), ("temperature", 1.0, 273.15)]
)
def test_a_column_that_left_its_range_is_one_in_another_season_too(column: str, factor: float, offset: float) -> None:
    """One week of June in another unit lies inside the range of January and February, not on top of it."""
    current = hours("2026-06-01", 7, season=1.2, seed=1)
    current["gas"] = 400.0 + 0.7 * (current["gas"] - 400.0)
    current[column] = factor * current[column] + offset
    assert cause(current) is Cause.UNIT_CHANGE


def test_one_value_far_away_is_a_stand_in_whatever_image_it_could_be() -> None:
    """-263.15 is 10 °C in a scale that starts at absolute zero, turned round; it is also what a dead sensor reads."""
    current = hours("2026-03-02", 10, seed=1)
    current.loc[current.index % 5 < 2, "temperature"] = -263.15
    assert cause(current) is Cause.DATA_CORRUPTION


def test_a_season_that_took_a_share_of_the_rows_beyond_the_old_range_is_no_conversion() -> None:
    """Half of the hours come from a hot place: its humidity and its soil are others, too."""
    reference, current = hours("2026-01-01", 60), hours("2026-06-01", 30, seed=1)
    hot = hours("2026-06-01", 30, season=2.2, seed=2)
    some = current.index % 2 == 0
    for column in ("humidity", "temperature", "soil"):
        current.loc[some, column] = hot.loc[some, column]

    assert check_pair(SPEC, reference, current).assessment.cause is not Cause.UNIT_CHANGE


def test_a_column_around_zero_that_shrank_to_a_sixtieth_need_not_keep_its_shape_exactly() -> None:
    """Most delays lie below zero: the move is a small one, and a window of delays differs a little from all others."""

    def delays(start: str, days: int, seed: int, late: float) -> pd.DataFrame:
        rows = hours(start, days, seed=seed)
        rng = np.random.default_rng(seed)
        return rows.assign(gas=np.round(rng.normal(-4.0, 4.0, len(rows)) + late * rng.gamma(0.3, 60.0, len(rows))))

    current = delays("2026-03-02", 10, 1, 1.25)
    converted = current.assign(gas=current["gas"] / 60.0)

    assert check_pair(SPEC, delays("2026-01-01", 60, 0, 1.0), converted).assessment.cause is Cause.UNIT_CHANGE
