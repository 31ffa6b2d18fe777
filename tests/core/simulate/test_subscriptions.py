from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from airmedic_core.simulate.subscriptions import World, subscriptions

DAY = date(2026, 2, 3)


def days(count: int, world: World, first: date = DAY) -> pd.DataFrame:
    return pd.concat([subscriptions(first + timedelta(days=n), world) for n in range(count)])


def test_the_same_day_is_the_same_rows() -> None:
    pd.testing.assert_frame_equal(subscriptions(DAY, World()), subscriptions(DAY, World()))


def test_other_days_and_seeds_are_other_rows() -> None:
    rows_of_day = subscriptions(DAY, World())
    assert not rows_of_day["minutes_30d"].equals(subscriptions(DAY + timedelta(days=1), World())["minutes_30d"])
    assert not rows_of_day["minutes_30d"].equals(subscriptions(DAY, World(), seed=8)["minutes_30d"])


def test_rows_lie_within_their_day_and_outcomes_are_known_the_same_day() -> None:
    rows = subscriptions(DAY, World())
    assert set(rows["renewal_at"].dt.date) == {DAY}
    assert rows["renewal_at"].is_monotonic_increasing
    assert (rows["outcome_known_at"] > rows["renewal_at"]).all()
    assert set(rows["outcome_known_at"].dt.date) == {DAY}
    assert rows["subscription_id"].is_unique


def test_the_upstream_fault_touches_two_columns_and_nothing_else() -> None:
    well, ill = subscriptions(DAY, World()), subscriptions(DAY, World(upstream_fault=True))
    touched = [name for name in well.columns if not well[name].equals(ill[name])]
    assert touched == ["minutes_30d", "days_since_last_session"]
    lost = ill["minutes_30d"].isna()
    assert lost.equals(ill["days_since_last_session"] == -1)
    # A share of 0.35 of about 1,500 rows has a standard deviation of 0.012.
    assert lost.mean() == pytest.approx(0.35, abs=0.05)


def test_the_campaign_moves_inputs_and_leaves_the_relation() -> None:
    before, during = days(7, World()), days(7, World(partner_campaign=True))
    assert (during["acquisition_channel"] == "partner").mean() > 3 * (before["acquisition_channel"] == "partner").mean()
    assert ks_2samp(before["tenure_months"], during["tenure_months"]).pvalue < 1e-6
    # Among customers of the same tenure and channel, as many leave as before.
    similar = [
        rows[(rows["acquisition_channel"] == "partner") & (rows["tenure_months"] < 10)] for rows in (before, during)
    ]
    shares = [rows["churned"].mean() for rows in similar]
    spread = np.sqrt(sum(share * (1 - share) / len(rows) for share, rows in zip(shares, similar, strict=True)))
    assert abs(shares[1] - shares[0]) < 3 * spread


def test_the_rival_changes_who_leaves_and_no_input() -> None:
    before, after = days(7, World()), days(7, World(rival_offer=True))
    inputs = [name for name in before.columns if name != "churned"]
    pd.testing.assert_frame_equal(before[inputs], after[inputs])
    assert before["monthly_price_eur"].corr(before["churned"]) < 0
    assert after["monthly_price_eur"].corr(after["churned"]) > 0.3
