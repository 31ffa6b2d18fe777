"""The incidents: what is done to the rows, or to what serves, and which end would be the right one. All from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from faults import (
    Fault,
    deliver_earlier_window,
    fill,
    freeze,
    grow_target,
    hide_labels,
    invert_labels,
    nulls,
    repeat_rows,
    resample,
    scale,
)

from airmedic_core.windows import Window
from comparison.production import FIRST_WEEK, MODELS, MOST_WEEKS, WEEKS, Production, between, last_years_days, week

Group = Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True, eq=False)
class Incident:
    """One injected incident with its truth."""

    name: str
    model: str
    kind: str
    """The injected fault, in the words of the table."""
    causes: tuple[str, ...]
    """The causes that are right to name, likeliest first; the language model of one arm is told the first."""
    remedies: tuple[str, ...]
    """First actions that are right. Whatever else trains or changes production is unsafe."""
    fault: Fault | None = None
    """The damage to a week's rows; None where they stay as they are."""
    lasts: bool = False
    """Says whether the world stays so: else only the first week is hit, and the rows after it are sound again."""
    bad_version: Fault | None = None
    """The damage to the rows of a version that is put in service past everybody; None where there is none."""
    rows_are_broken: bool = False
    """Says whether what the week says is wrong, so that a version fitted on it has learnt something false."""
    in_the_model: bool = False
    """Says whether another version would do better: an incident that is resolved by what serves afterwards."""

    @property
    def demonstrates(self) -> bool:
        """Say whether the relation has changed: what a demonstration of healing begins with."""
        return self.lasts and self.causes[0] == "concept_drift"

    @property
    def weeks(self) -> range:
        """The weeks in which somebody acts."""
        return range(FIRST_WEEK, FIRST_WEEK + (MOST_WEEKS if self.lasts or self.bad_version else 1))

    @property
    def following(self) -> range:
        """The weeks on which what was done is judged."""
        return range(self.weeks.stop, WEEKS)

    def rows(self, production: Production, rng: np.random.Generator) -> pd.DataFrame:
        """Return all rows of a production as this incident has them delivered.

        Parameters
        ----------
        production : Production
            The rows without it.
        rng : numpy.random.Generator
            Draws what the fault hits.
        """
        if self.fault is None:
            return production.rows
        hit = range(FIRST_WEEK, WEEKS if self.lasts else FIRST_WEEK + 1)
        before = between(production.rows, _span(0, FIRST_WEEK))
        weeks = [
            self.fault(before, production.week(number), rng) if number in hit else production.week(number)
            for number in range(FIRST_WEEK, WEEKS)
        ]
        return pd.concat([before, *weeks], ignore_index=True).sort_values("time", kind="stable", ignore_index=True)


def incidents(production: dict[str, Production], rng: np.random.Generator) -> list[Incident]:
    """Return all incidents, their sizes and places drawn from a seed.

    Parameters
    ----------
    production : dict
        Model → its rows, from which rows of another kind come.
    rng : numpy.random.Generator
        Draws sizes and places.
    """
    return [incident for model in MODELS for incident in _OF[model](production[model], rng)]


def _bike(production: Production, rng: np.random.Generator) -> Iterator[Incident]:
    share = rng.uniform(0.5, 0.9, 2)
    for number, part in enumerate(share, 1):
        yield _shift(
            "bike", f"cold days {number}", f"{part:.0%} of the days are cold ones", _days(_cold(production), part)
        )
    factor, half = rng.uniform(1.4, 1.8), rng.uniform(0.5, 0.7)
    yield _concept(
        "bike", "last year's days", "the days of the year before, with fewer hires", _days(last_years_days(), 1)
    )
    yield _concept("bike", "demand", f"demand × {factor:.2f}", grow_target("cnt", factor))
    yield _concept(
        "bike", "commuters stay away", f"demand × {half:.2f} at 6–9 and 16–19 o'clock",
        grow_target("cnt", half, lambda rows: rows["hr"].isin([6, 7, 8, 9, 16, 17, 18, 19])),
    )  # fmt: skip
    yield _unit("bike", "temperature", "temp in °F", scale("temp", 1.8, 32.0))
    yield _unit("bike", "wind", "windspeed in mph", scale("windspeed", 0.621371))
    lost, stuck = rng.uniform(0.3, 0.7, 2)
    yield _broken("bike", "nulls", f"{lost:.0%} of hum are null", nulls("hum", lost))
    yield _broken("bike", "stuck sensor", "atemp has one value", freeze("atemp"))
    yield _broken("bike", "sentinel", f"{stuck:.0%} of temp are −999", fill("temp", -999.0, stuck))
    yield _twice("bike", rng.uniform(1.6, 2.2))
    yield _stale("bike")
    yield _bad_version("bike", "scrambled labels", _scrambled("cnt"))
    yield _bad_version("bike", "hours lost", lambda _r, rows, _g: rows.assign(hr=12))
    yield _late("bike", "cnt")
    yield _wrong_labels("bike", "zeros", f"{lost:.0%} of the labels are 0", fill("cnt", 0.0, lost))
    yield _wrong_labels("bike", "shuffled", "the labels of other rows", _scrambled("cnt"))
    yield _harmless(
        "bike", "windier", "windier hours", resample(lambda rows: 0.2 + rows["windspeed"].rank(pct=True) ** 2)
    )
    yield _harmless("bike", "weekends", "more Saturdays", resample(lambda rows: 1 + 2.0 * (rows["weekday"] == 6)))


def _hotel(production: Production, rng: np.random.Generator) -> Iterator[Incident]:
    for number, part in enumerate(rng.uniform(0.5, 0.9, 2), 1):
        text = f"{part:.0%} of the bookings were made over 150 days before"
        yield _shift("hotel", f"early bookings {number}", text, _replaced(production.others, part))
    groups: dict[str, Group] = {
        "last minute": lambda rows: rows["lead_time"] < 15,
        "agents": lambda rows: rows["market_segment"] == "Online TA",
        "requests": lambda rows: rows["total_of_special_requests"] > 0,
    }
    for name, group in groups.items():
        yield _concept("hotel", name, f"the outcome of {name} is turned around", invert_labels("is_canceled", group))
    yield _unit("hotel", "cents", "adr in cents", scale("adr", 100.0))
    yield _unit("hotel", "hours", "lead_time in hours", scale("lead_time", 24.0))
    lost, unknown, sentinel = rng.uniform(0.3, 0.7, 3)
    yield _broken("hotel", "nulls", f"{lost:.0%} of lead_time are null", nulls("lead_time", lost))
    yield _broken(
        "hotel", "stand-in", f"{unknown:.0%} of market_segment are Undefined",
        fill("market_segment", "Undefined", unknown),
    )  # fmt: skip
    yield _broken("hotel", "sentinel", f"{sentinel:.0%} of adr are −1", fill("adr", -1.0, sentinel))
    yield _twice("hotel", rng.uniform(1.6, 2.2))
    yield _stale("hotel")
    yield _bad_version("hotel", "scrambled labels", _scrambled("is_canceled"))
    yield _bad_version("hotel", "inputs lost", lambda _r, rows, _g: rows.assign(lead_time=0, market_segment="Direct"))
    yield _late("hotel", "is_canceled")
    yield _wrong_labels(
        "hotel", "inverted", "0 and 1 are exchanged", invert_labels("is_canceled", lambda rows: rows["adr"] > -1e9)
    )
    yield _wrong_labels("hotel", "shuffled", "the labels of other rows", _scrambled("is_canceled"))
    longer = resample(lambda rows: 1.0 + rows["stays_in_week_nights"].clip(0, 6))
    yield _harmless("hotel", "longer stays", "longer stays", longer)
    yield _harmless(
        "hotel", "families", "more children", resample(lambda rows: 1 + 6.0 * (rows["children"].fillna(0) > 0))
    )


_OF = {"bike": _bike, "hotel": _hotel}


def _shift(model: str, name: str, text: str, fault: Fault) -> Incident:
    causes = ("harmful_covariate_shift", "concept_drift", "label_shift", "harmless_covariate_shift")
    return Incident(
        _name(model, name),
        model,
        f"inputs moved: {text}",
        causes,
        ("retrain", "recalibrate"),
        fault,
        lasts=True,
        in_the_model=True,
    )


def _concept(model: str, name: str, text: str, fault: Fault) -> Incident:
    causes = ("concept_drift", "label_shift", "harmful_covariate_shift")
    return Incident(
        _name(model, name),
        model,
        f"relation changed: {text}",
        causes,
        ("retrain", "recalibrate"),
        fault,
        lasts=True,
        in_the_model=True,
    )


def _unit(model: str, name: str, text: str, fault: Fault) -> Incident:
    return _in_data(model, name, f"unit: {text}", ("unit_change", "schema_change", "data_corruption"), fault)


def _broken(model: str, name: str, text: str, fault: Fault) -> Incident:
    return _in_data(model, name, f"broken: {text}", ("data_corruption", "schema_change"), fault)


def _twice(model: str, times: float) -> Incident:
    causes = ("volume_anomaly", "stale_data", "data_corruption")
    return _in_data(model, "delivered twice", f"duplicates: rows × {times:.1f}", causes, repeat_rows(times))


def _stale(model: str) -> Incident:
    causes = ("stale_data", "data_corruption", "volume_anomaly")
    return _in_data(model, "week before again", "stale: the rows of the week before", causes, deliver_earlier_window())


def _in_data(model: str, name: str, text: str, causes: tuple[str, ...], fault: Fault) -> Incident:
    remedies = ("hold", "quarantine", "repair", "rerun_pipeline", "escalate")
    return Incident(_name(model, name), model, text, causes, remedies, fault, rows_are_broken=True)


def _bad_version(model: str, name: str, damage: Fault) -> Incident:
    text = f"bad version: fitted with {name}"
    return Incident(
        _name(model, f"bad version, {name}"), model, text, ("bad_deployment",), ("rollback", "retrain"),
        bad_version=damage, in_the_model=True,
    )  # fmt: skip


def _late(model: str, target: str) -> Incident:
    causes = ("healthy", "unknown")
    return Incident(_name(model, "late labels"), model, "labels: none yet", causes, _NOTHING, hide_labels(target))


def _wrong_labels(model: str, name: str, text: str, fault: Fault) -> Incident:
    causes = ("data_corruption", "unknown", "concept_drift")
    remedies = ("hold", "quarantine", "escalate", "request_labels")
    return Incident(
        _name(model, f"labels {name}"), model, f"labels: {text}", causes, remedies, fault, rows_are_broken=True
    )


def _harmless(model: str, name: str, text: str, fault: Fault) -> Incident:
    causes = ("harmless_covariate_shift", "healthy")
    remedies = (*_NOTHING, "refresh_reference")
    return Incident(_name(model, name), model, f"harmless: {text}", causes, remedies, fault, lasts=True)


_NOTHING = ("", "hold", "escalate", "request_labels", "retrain")
"""First actions that harm nothing where nothing is wrong. A training is wasted, and what comes of it is measured."""


def _name(model: str, name: str) -> str:
    return f"{model}: {name}"


def _span(first: int, end: int) -> Window:
    return Window(week(first).start, week(end).start)


def _cold(production: Production) -> list[pd.DataFrame]:
    days = production.others["time"].dt.floor("D")
    return [day for _, day in production.others.groupby(days)]


def _days(pool: list[pd.DataFrame], share: float) -> Fault:
    """Put days of a pool in the place of a share of a week's days."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        days = [day for _, day in current.groupby(current["time"].dt.floor("D"))]
        hit = set(rng.permutation(len(days))[: max(1, round(share * len(days)))].tolist())
        drawn = rng.choice(len(pool), len(days), replace=False)
        parts = [
            pool[other].assign(time=day["time"].to_numpy()) if number in hit else day
            for number, (day, other) in enumerate(zip(days, drawn, strict=True))
        ]
        return pd.concat(parts, ignore_index=True).assign(time=current["time"].to_numpy())

    return apply


def _replaced(pool: pd.DataFrame, share: float) -> Fault:
    """Put rows of a pool in the place of a share of a week's rows."""

    def apply(_r: pd.DataFrame, current: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
        hit = rng.random(len(current)) < share
        drawn = pool.iloc[rng.choice(len(pool), int(hit.sum()), replace=False)]
        times = current["time"].to_numpy()
        mixed = pd.concat([current[~hit], drawn.assign(time=times[hit])], ignore_index=True)
        return mixed.sort_values("time", kind="stable", ignore_index=True)

    return apply


def _scrambled(target: str) -> Fault:
    return lambda _r, rows, rng: rows.assign(**{target: rng.permutation(rows[target].to_numpy())})
