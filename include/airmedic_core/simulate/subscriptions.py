"""Generates one day of subscriptions that are up for renewal, and whether they were renewed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

_PLANS = ("basic", "standard", "premium")
_PLAN_PRICE = {"basic": 7.99, "standard": 12.99, "premium": 18.99}
_COUNTRIES = ("DE", "FR", "ES", "IT", "PL")
_CHANNELS = ("organic", "search_ads", "referral", "partner")
_PAYMENTS = ("card", "direct_debit", "wallet")
_SENTINEL = -1.0


@dataclass(frozen=True)
class World:
    """Holds what is true of a day beyond the ordinary."""

    upstream_fault: bool = False
    """Release 7.2 of the activity service writes −1 where it lost the last session, and empties the minutes."""
    partner_campaign: bool = False
    """A partner's campaign brings many new customers, who behave like new customers always did."""
    rival_offer: bool = False
    """A rival's cheaper offer: from now on the price decides who leaves, and no longer the habit."""


def subscriptions(day: date, world: World, *, rows: int = 1500, seed: int = 7) -> pd.DataFrame:
    """Return the subscriptions that are up for renewal on a day.

    Parameters
    ----------
    day : date
        The day; together with the seed it decides every value.
    world : World
        What is true of the day.
    rows : int
        Expected number of rows; the day's own varies by about 3 %, and by the day of the week.
    seed : int
        Of the whole production.

    Returns
    -------
    pandas.DataFrame
        One row for each subscription, by time. ``churned`` is known at ``outcome_known_at``, when the charge has gone
        through or was refused: minutes to three hours later, on the same day.
    """
    import pandas as pd

    rng = np.random.default_rng([seed, day.toordinal()])
    weekend = day.weekday() >= 5
    count = int(rng.normal(rows * (0.9 if weekend else 1.0), rows * 0.03))
    campaign = world.partner_campaign

    channel = rng.choice(_CHANNELS, count, p=(0.26, 0.22, 0.14, 0.38) if campaign else (0.42, 0.30, 0.20, 0.08))
    country = rng.choice(_COUNTRIES, count, p=(0.34, 0.22, 0.18, 0.14, 0.12))
    plan = rng.choice(_PLANS, count, p=(0.38, 0.42, 0.20))
    payment = rng.choice(_PAYMENTS, count, p=(0.55, 0.30, 0.15))
    tenure = np.ceil(rng.gamma(1.6, 9.0, count))
    tenure = np.where(channel == "partner", np.ceil(tenure * 0.6), tenure)
    discount = np.where(rng.random(count) < 0.25, rng.choice((0.1, 0.2, 0.3), count), 0.0)
    price = np.round(np.array([_PLAN_PRICE[name] for name in plan]) * (1 - discount), 2)
    # One hidden habit drives all columns of activity; the model sees only its traces.
    habit = rng.normal(0.08 if weekend else 0.0, 1.0, count)
    sessions = rng.poisson(np.exp(2.4 + 0.55 * habit)).astype(float)
    minutes = np.round(sessions * rng.gamma(4.0, 9.0, count) + rng.gamma(1.0, 2.0, count), 1)
    idle = np.round(rng.exponential(6.0 * np.exp(-0.6 * habit)), 1)
    tickets = rng.poisson(0.35, count)
    failed = rng.poisson(np.where(payment == "card", 0.22, 0.10))

    logit = _leaves_for_the_price(price, tenure, habit) if world.rival_offer else _leaves_out_of_habit(habit, tenure)
    logit = logit + 0.9 * failed + 0.45 * tickets + 0.5 * (plan == "basic") * (not world.rival_offer)
    churned = rng.random(count) < 1 / (1 + np.exp(-logit))

    start = datetime.combine(day, time(), UTC)
    seconds = np.sort(rng.integers(0, 20 * 3600, count))
    charged_after = rng.integers(300, 3 * 3600, count)

    if world.upstream_fault:
        lost = rng.random(count) < 0.35
        idle = np.where(lost, _SENTINEL, idle)
        minutes = np.where(lost, np.nan, minutes)

    frame = pd.DataFrame(
        {
            "subscription_id": [f"S{day:%y%m%d}{number:05d}" for number in range(count)],
            "renewal_at": [start + timedelta(seconds=int(second)) for second in seconds],
            "plan": plan,
            "country": country,
            "acquisition_channel": channel,
            "payment_method": payment,
            "tenure_months": tenure.astype(int),
            "monthly_price_eur": price,
            "discount_fraction": discount,
            "sessions_30d": sessions.astype(int),
            "minutes_30d": minutes,
            "days_since_last_session": idle,
            "support_tickets_90d": tickets,
            "failed_payments_90d": failed,
            "churned": churned.astype(int),
            "outcome_known_at": [start + timedelta(seconds=int(second)) for second in seconds + charged_after],
        }
    )
    return frame.astype({"renewal_at": "datetime64[us, UTC]", "outcome_known_at": "datetime64[us, UTC]"})


def _leaves_out_of_habit(habit: Floats, tenure: Floats) -> Floats:
    return -1.7 - 1.5 * habit - 0.5 * (np.log(tenure) - 2.4)


def _leaves_for_the_price(price: Floats, tenure: Floats, habit: Floats) -> Floats:
    return -1.6 + 0.35 * (price - 12.0) + 0.1 * (np.log(tenure) - 2.4) - 0.25 * habit
