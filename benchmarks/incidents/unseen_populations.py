"""Generated populations of the unseen cases: machines with a daily cycle, claims, clicks and patients.

``telemetry`` has hourly readings of compressors: a strong cycle of hours, quiet weekends, days that share their
weather, and temperatures, load and current that are tied. ``claims`` is a regression on amounts of which four in ten
are zero. ``clicks`` has 3 % positives, hundreds of keywords, and new ones every day. ``triage`` has four classes of
unequal size and values that are usually missing.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from heldout_populations import DAYS, Frames, cut, days_of_rows, end_of
from populations import START, Population, _spec

TELEMETRY_FEATURES = {
    "numeric": [
        "hour", "ambient_c", "housing_c", "humidity", "pressure_bar", "vibration_mm_s", "load_percent", "current_a",
        "oil_hours",
    ],
    "categorical": ["site", "kind", "shift"],
}  # fmt: skip
CLAIM_FEATURES = {
    "numeric": [
        "claimed", "sum_insured", "excess", "premium", "policy_months", "holder_age", "days_to_report", "prior_claims",
    ],
    "categorical": ["country", "product", "reason", "channel"],
}  # fmt: skip
CLICK_FEATURES = {
    "numeric": ["position", "bid", "quality", "query_words", "user_clicks_7d", "ad_age_days", "hour"],
    "categorical": ["keyword", "campaign", "device", "country", "browser"],
}
TRIAGE_FEATURES = {
    "numeric": ["age", "heart_rate", "systolic", "temperature", "oxygen", "breaths", "pain"],
    "categorical": ["complaint", "arrival", "hospital"],
}
SITES = np.array(["aveiro", "braga", "coimbra", "evora", "faro"])
KINDS = np.array(["screw", "piston", "scroll"])
PRODUCTS = np.array(["motor", "home", "travel", "pet", "legal"])
LEVELS = np.array(["immediate", "urgent", "standard", "minor"])
CLAIM_WEEK = np.array([1.35, 1.1, 1.05, 1.0, 1.1, 0.6, 0.5])
CLICK_WEEK = np.array([1.0, 1.0, 1.0, 1.0, 0.95, 1.15, 1.2])
TRIAGE_WEEK = np.array([1.15, 1.0, 0.98, 0.97, 1.0, 0.95, 1.0])


def draw_telemetry(rng: np.random.Generator, rows: int, windows: int, every: str) -> Frames:
    """Generate hourly readings of compressors, of which some stop within a day."""
    days, machines = (end_of(windows + 1, every) - START).days, max(2, round(rows / DAYS[every] / 24))
    grid = np.meshgrid(np.arange(days), np.arange(machines), np.arange(24), indexing="ij")
    arrived = rng.random(days * machines * 24) < 0.99
    day, machine, hour = (axis.ravel()[arrived] for axis in grid)
    n = len(day)
    site, kind = machine % len(SITES), machine // len(SITES) % len(KINDS)
    wear, level = rng.gamma(2.0, 0.5, (days, machines))[day, machine], rng.normal(0, 6, (days, machines))[day, machine]
    ambient = (
        rng.normal(14, 3.5, days)[day] + np.array([0.0, -2.0, 0.5, 2.0, 3.0])[site]
        + 5 * np.sin((hour - 9) / 24 * 2 * np.pi) + rng.normal(0, 0.8, n)
    )  # fmt: skip
    busy = np.where(day % 7 >= 5, 22.0, 42.0) * np.exp(-(((hour - 14) / 5.5) ** 2))
    load = np.clip(32 + busy + level + rng.normal(0, 4, n), 5, 100)
    heat = 14 + 0.2 * load + 4 * wear + rng.normal(0, 1.5, n)
    vibration = np.round((1.1 + 0.9 * wear + 0.008 * load) * rng.lognormal(0, 0.12, n), 2)
    oil = np.round(rng.uniform(0, 4000, (days, machines)))[day, machine] + hour
    rated = np.array([62.0, 41.0, 26.0])[kind]
    frame = pd.DataFrame(
        {
            "hour": hour,
            "ambient_c": np.round(ambient, 1),
            "housing_c": np.round(ambient + heat, 1),
            "humidity": np.clip(np.round(72 - 1.3 * (ambient - 14) + rng.normal(0, 8, n)), 12, 100),
            "pressure_bar": np.round(np.array([8.0, 11.0, 6.5])[kind] - 0.1 * wear + rng.normal(0, 0.2, n), 2),
            "vibration_mm_s": vibration,
            "load_percent": np.round(load, 1),
            "current_a": np.round(rated * (0.25 + 0.0075 * load) * rng.lognormal(0, 0.03, n), 1),
            "oil_hours": oil,
            "site": SITES[site],
            "kind": KINDS[kind],
            "shift": np.select([hour < 6, hour < 14, hour < 22], ["night", "early", "late"], "night"),
        }
    )
    logit = -3.6 + 1.5 * (vibration - 2.4) + 0.0007 * (oil - 2000) + 0.12 * (heat - 26)
    frame["stops"] = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
    return cut(frame, day, hour, windows, every)


def draw_claims(rng: np.random.Generator, rows: int, windows: int, every: str) -> Frames:
    """Generate insurance claims and what is paid for them, often nothing."""
    day = days_of_rows(rng, rows, windows, every, CLAIM_WEEK)
    n = len(day)
    product = rng.choice(len(PRODUCTS), n, p=[0.46, 0.27, 0.15, 0.09, 0.03])
    reason = np.array(
        [f"{PRODUCTS[number][:2]}{k:02d}" for number, k in zip(product, rng.zipf(1.7, n).clip(1, 9), strict=True)]
    )
    insured = np.round(np.array([16000, 90000, 2500, 3000, 8000])[product] * rng.lognormal(0, 0.5, n), -2)
    excess = rng.choice([0, 100, 250, 500, 1000], n, p=[0.1, 0.25, 0.35, 0.2, 0.1])
    typical = np.array([1500.0, 2100.0, 650.0, 480.0, 1250.0])[product]
    claimed = np.round(np.minimum(typical * rng.lognormal(0, 0.65, n), insured), 2)
    report, prior = np.round(rng.gamma(1.1, 6.0, n)), rng.poisson(0.5, n)
    frame = pd.DataFrame(
        {
            "claimed": claimed,
            "sum_insured": insured,
            "excess": excess,
            "premium": np.round(insured**0.6 * (1.25 - excess / 2500) * rng.lognormal(0.2, 0.12, n), 2),
            "policy_months": np.round(rng.gamma(1.5, 20, n)),
            "holder_age": np.clip(np.round(rng.normal(46, 15, n)), 18, 92),
            "days_to_report": report,
            "prior_claims": prior,
            "country": rng.choice(["pt", "es", "pl", "ie"], n, p=[0.38, 0.27, 0.22, 0.13]),
            "product": PRODUCTS[product],
            "reason": reason,
            "channel": rng.choice(["agent", "web", "phone", "app"], n, p=[0.4, 0.3, 0.18, 0.12]),
        }
    )
    refused = -1.5 + 0.06 * report + 0.7 * prior + np.where(np.isin(product, [2, 4]), 0.9, 0.0)
    share = np.array([0.93, 0.8, 0.75, 0.85, 0.6])[product] * rng.beta(30, 3, n)
    paid = np.where(rng.random(n) < 1 / (1 + np.exp(-refused)), 0.0, np.maximum(claimed * share - excess, 0.0))
    return cut(frame.assign(paid=np.round(paid, 2)), day, 7 + 14 * rng.beta(2, 2, n), windows, every)


def draw_clicks(rng: np.random.Generator, rows: int, windows: int, every: str) -> Frames:
    """Generate impressions of advertisements, of which 3 % are clicked; some keywords are new each day."""
    day = days_of_rows(rng, rows, windows, every, CLICK_WEEK)
    n = len(day)
    evening = rng.random(n) < 0.55
    hour = np.where(evening, rng.normal(20, 2.2, n), rng.normal(12, 3, n)) % 24
    word = rng.zipf(1.25, 4 * n)
    word = word[word <= 400][:n]
    keyword, fresh = np.array([f"k{number}" for number in word]), rng.random(n) < 0.01
    keyword[fresh] = [f"n{number}-{k}" for number, k in zip(day[fresh], rng.integers(0, 5, fresh.sum()), strict=True)]
    device = rng.choice(["phone", "desktop", "tablet"], n, p=[0.62, 0.31, 0.07])
    position, quality = 1 + rng.geometric(0.35, n).clip(1, 8), np.round(rng.beta(4, 3, n) * 10, 1)
    frequent = rng.negative_binomial(1, 0.3, n)
    browsers = ["chrome", "safari", "firefox", "edge", "samsung", "opera", "brave", "other"]
    frame = pd.DataFrame(
        {
            "position": position,
            "bid": np.round(rng.lognormal(-0.6, 0.6, n), 2),
            "quality": quality,
            "query_words": 1 + rng.poisson(1.8, n),
            "user_clicks_7d": frequent,
            "ad_age_days": np.round(rng.exponential(40, n)),
            "hour": np.floor(hour).astype(int),
            "keyword": keyword,
            "campaign": [f"c{number}" for number in (word * 7 + rng.integers(0, 3, n)) % 60],
            "device": device,
            "country": rng.choice(["de", "fr", "es", "it", "pt", "nl", "be", "at", "ch", "ie", "lu", "mt"], n,
                                  p=[0.3, 0.2, 0.14, 0.12, 0.06, 0.06, 0.04, 0.03, 0.03, 0.01, 0.006, 0.004]),
            "browser": rng.choice(browsers, n, p=[0.52, 0.26, 0.07, 0.08, 0.04, 0.015, 0.01, 0.005]),
        }
    )  # fmt: skip
    logit = (
        -4.7 - 0.55 * (position - 2.5) + 0.55 * (quality - 5.7) + 0.35 * (np.minimum(frequent, 8) - 2)
        + 0.7 * (device == "desktop") + 0.9 * (word % 5 == 1)
    )  # fmt: skip
    frame["clicked"] = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
    return cut(frame, day, hour, windows, every)


def draw_triage(rng: np.random.Generator, rows: int, windows: int, every: str) -> Frames:
    """Generate patients of emergency rooms and how urgent nurses find them, in four levels."""
    day = days_of_rows(rng, rows, windows, every, TRIAGE_WEEK)
    n = len(day)
    illness = rng.gamma(1.6, 0.7, n)
    age = np.clip(np.round(np.where(rng.random(n) < 0.3, rng.normal(9, 6, n), rng.normal(55, 20, n))), 0, 99)
    fever = rng.random(n) < 0.2
    complaint = rng.zipf(1.4, 4 * n)
    complaint = complaint[complaint <= 25][:n]
    heart, oxygen = 78 + 9 * illness + 8 * fever + rng.normal(0, 9, n), 98.4 - 1.7 * illness + rng.normal(0, 0.9, n)
    pain = np.clip(np.round(1.5 * illness + rng.normal(2.5, 2, n)), 0, 10)
    ambulance = rng.random(n) < 1 / (1 + np.exp(2.6 - 0.8 * illness - 0.015 * age))
    systolic = np.round(118 + 0.3 * age - 5 * illness + rng.normal(0, 12, n))
    frame = pd.DataFrame(
        {
            "age": age,
            "heart_rate": np.round(heart),
            "systolic": np.where(rng.random(n) < 0.04, np.nan, systolic),
            "temperature": np.where(
                rng.random(n) < 0.08, np.nan, np.round(36.7 + 1.7 * fever + rng.normal(0, 0.35, n), 1)
            ),
            "oxygen": np.clip(np.round(oxygen), 70, 100),
            "breaths": np.round(15 + 2.2 * illness + rng.normal(0, 1.8, n)),
            "pain": np.where(rng.random(n) < 0.05, np.nan, pain),
            "complaint": [f"p{number:02d}" for number in complaint],
            "arrival": np.where(ambulance, "ambulance", rng.choice(["walk-in", "referral"], n, p=[0.8, 0.2])),
            "hospital": rng.choice(["norte", "sul", "centro", "ilhas"], n, p=[0.4, 0.33, 0.2, 0.07]),
        }
    )
    score = (
        0.06 * (heart - 90) - 0.35 * (oxygen - 96.5) + 0.22 * (pain - 4) + 0.012 * (age - 45) + 0.9 * ambulance
        + 1.1 * (complaint % 7 == 2) + rng.logistic(0, 0.55, n)
    )  # fmt: skip
    frame["level"] = LEVELS[3 - np.searchsorted([-0.4, 1.2, 3.4], score)]
    hour = (13 + 5.5 * rng.normal(0, 1, n)) % 24
    return cut(frame, day, hour, windows, every)


UNSEEN_POPULATIONS = {
    "telemetry": Population("telemetry", _spec("telemetry", "binary", "stops", TELEMETRY_FEATURES), draw_telemetry),
    "claims": Population("claims", _spec("claims", "regression", "paid", CLAIM_FEATURES), draw_claims),
    "clicks": Population("clicks", _spec("clicks", "binary", "clicked", CLICK_FEATURES), draw_clicks),
    "triage": Population("triage", _spec("triage", "multiclass", "level", TRIAGE_FEATURES), draw_triage),
}
