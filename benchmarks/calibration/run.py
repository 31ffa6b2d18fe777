"""Counts false alarms on healthy days, and measures how large a change must be to be found.

python benchmarks/calibration/run.py            200 columns, 90 healthy days with each of 3 seeds, and power: minutes
python benchmarks/calibration/run.py --quick    a smaller one: about a minute
python benchmarks/calibration/run.py --long     also other kinds of production, all checks of data, and slow drift

Everything is seeded: the same command prints the same figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from healthy import FalseAlarms, false_alarms
from power import Point, Power, SlowDrift, slow_drift
from production import World
from rich.console import Console
from rich.table import Table

TARGET = 0.1
"""False alarms for each model-day."""
WEEKENDS = World("weekends 0.5 sd away", weekend_sd=0.5)
OTHER_WORLDS = (
    World("half of the wobble shared by all columns", shared_fraction=0.5),
    World("heavy-tailed wobble (t, 3 degrees of freedom)", tails="heavy"),
    World("weekends 0.15 sd away", weekend_sd=0.15),
    WEEKENDS,
    World("weekends 0.5 sd away, a reference of 14 days", weekend_sd=0.5, reference_days=14),
    World("each weekday at its own level, 0.2 sd", weekday_sd=0.2),
    World(
        "windows of an hour, a daily wave of 0.3 sd, 500 rows", hour_sd=0.3, window_hours=1, rows=500, reference_days=5
    ),
    World(
        "windows of an hour, a daily wave of 0.6 sd, the clock goes forward after 12 hours",
        hour_sd=0.6,
        window_hours=1,
        rows=500,
        reference_days=5,
        clock_goes_forward_at=132,
    ),
    World("no wobble", wobble_sd=0.0),
    World("wobble of 0.15 sd", wobble_sd=0.15),
    World("200 rows a day", rows=200),
    World("a reference of 7 days", reference_days=7),
    World("a reference of 2 days", reference_days=2),
)
OTHER_DAYS = 45
SEASONAL_SIZES = (0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
FALSE_DISCOVERY_RATES = (0.05, 0.01, 0.2)
"""The first is the default."""
_NAMES = {
    "ks": "Kolmogorov–Smirnov, χ² (5 %)",
    "bonferroni": "the same, with Bonferroni",
    "evidently": "Evidently 0.7.23, default",
}


@dataclass(frozen=True)
class Plan:
    """Says how much is measured."""

    days: int = 90
    seeds: tuple[int, ...] = (1, 2, 3)
    sizes: tuple[float, ...] = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0)
    trials: int = 8
    long: bool = False


QUICK = Plan(days=20, seeds=(1,), sizes=(0.1, 0.2, 0.3, 0.5), trials=3)


def main() -> None:
    """Measure, print, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--json", type=Path, help="where to write every figure; draw.py draws them")
    options = parser.parse_args()
    plan = QUICK if options.quick else Plan(long=options.long)
    warnings.simplefilter("ignore")
    console = Console(width=140)

    world = World()
    healthy = [false_alarms(world, plan.days, plan.seeds)]
    _print_methods(healthy[0], console)
    if plan.long:
        healthy += [false_alarms(other, OTHER_DAYS, plan.seeds[:1], with_others=False) for other in OTHER_WORLDS]
        everything = World("50 columns, with all checks of data", columns=50)
        healthy.append(
            false_alarms(everything, OTHER_DAYS, plan.seeds[:1], groups=("data", "drift"), with_others=False)
        )
        _print_worlds(healthy, console)
    curves = _curves(world, plan) | (_seasonal_curves(plan) if plan.long else {})
    for title, points in curves.items():
        _print_curve(title, points, console)
    settings = _settings(world, plan) if plan.long else []
    if settings:
        _print_settings(settings, console)
    steps = (0.005, 0.01, 0.02)
    slow = [slow_drift(world, seed=7, sd_per_day=step) for step in steps] if plan.long else []
    seasonal = [slow_drift(WEEKENDS, seed=7, sd_per_day=step) for step in steps] if plan.long else []
    if slow:
        _print_slow(slow, console, world)
        _print_slow(seasonal, console, WEEKENDS)
    if options.json:
        plain = {
            "healthy": [asdict(row) for row in healthy],
            "power": {title: [asdict(point) for point in points] for title, points in curves.items()},
            "settings": settings,
            "slow_drift": [asdict(row) for row in slow],
            "slow_drift_with_weekends": [asdict(row) for row in seasonal],
        }
        options.json.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def _curves(world: World, plan: Plan) -> dict[str, list[Point]]:
    drift = Power(world, seed=11)
    few = World("50 columns", columns=50)
    data = Power(few, seed=12, data_checks=True)
    fractions = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
    if plan is QUICK:
        fractions = (0.03, 0.08, 0.2)
    numeric, trials = world.numeric, plan.trials
    return {
        "shift of numbers, 10 of 200 columns": drift.curve(drift.shift, plan.sizes, among=numeric, trials=trials),
        "shift of numbers, 1 of 200 columns": drift.curve(
            drift.shift, plan.sizes, among=numeric, columns=1, trials=3 * trials, with_others=False
        ),
        "shift of numbers, 80 of 200 columns": drift.curve(
            drift.shift, plan.sizes, among=numeric, columns=80, trials=max(trials // 4, 1), with_others=False
        ),
        "share moved into one category, 10 of 200 columns": drift.curve(
            drift.category, fractions, among=world.categorical, trials=trials
        ),
        "share of nulls, 5 of 50 columns": data.curve(
            data.nulls, fractions, among=few.numeric + few.categorical, columns=5, trials=trials, with_others=False
        ),
    }


def _seasonal_curves(plan: Plan) -> dict[str, list[Point]]:
    """Measure moves that begin on a Wednesday and on a Saturday, where weekends lie 0.5 sd away."""
    measured = {}
    for day, healthy_days in (("Wednesday", 14), ("Saturday", 17)):
        power = Power(WEEKENDS, seed=11, healthy_days=healthy_days)
        measured[f"shift of numbers, 10 of 200 columns, {WEEKENDS.name}, from a {day}"] = power.curve(
            power.shift, SEASONAL_SIZES, among=WEEKENDS.numeric, trials=plan.trials, with_others=False
        )
    return measured


def _settings(world: World, plan: Plan) -> list[dict[str, Any]]:
    """Measure what a more or less cautious setting of the drift check gives."""
    measured = []
    for rate in FALSE_DISCOVERY_RATES:
        options = {"drift": {"false_discovery_rate": rate}}
        healthy = false_alarms(world, OTHER_DAYS, plan.seeds[:1], options=options, with_others=False)
        power = Power(world, seed=11, options=options)
        points = power.curve(power.shift, (0.2, 0.25, 0.3), among=world.numeric, trials=plan.trials, with_others=False)
        measured.append(
            {"false_discovery_rate": rate, "healthy": asdict(healthy), "power": [asdict(point) for point in points]}
        )
    return measured


def _print_methods(measured: FalseAlarms, console: Console) -> None:
    table = Table("false alarms on healthy days", "columns per model-day", "days with one", title=measured.world)
    table.add_row(
        f"Airmedic, alerts (target {TARGET})", f"{measured.alerts:.3f}", f"{measured.incident_days:.1%} (an incident)"
    )
    table.add_row("Airmedic, watched only", f"{measured.watches:.3f}", f"{measured.watch_days:.1%}")
    for name, title in _NAMES.items():
        table.add_row(title, f"{measured.others[name]:.1f}", f"{measured.others[f'{name} days']:.0%}")
    table.add_row("Evidently 0.7.23, half of the columns", "", f"{measured.others['evidently dataset days']:.0%}")
    console.print(table)
    by_seed = ", ".join(f"{row:.3f}" for row in measured.alerts_by_seed)
    console.print(f"{measured.days} model-days of 200 columns; alerts by seed: {by_seed}\n")


def _print_worlds(measured: list[FalseAlarms], console: Console) -> None:
    table = Table("production", "model-days", "alerts per model-day", "incident days", "watch days")
    for row in measured:
        table.add_row(
            row.world, str(row.days), f"{row.alerts:.3f}", f"{row.incident_days:.1%}", f"{row.watch_days:.1%}"
        )
    console.print(table)


def _print_curve(title: str, points: list[Point], console: Console) -> None:
    with_others = bool(points[0].others)
    others = list(_NAMES.values()) if with_others else []
    table = Table("size", "watch, day 1", "alert, day 1", "alert by day 2", "incident by day 2", *others, title=title)
    for point in points:
        ours = (point.watched_first_day, point.first_day, point.second_day, point.incident_second_day)
        theirs = [point.others[name] for name in _NAMES] if with_others else []
        table.add_row(f"{point.size:g}", *(f"{share:.0%}" for share in (*ours, *theirs)))
    console.print(table)


def _print_settings(measured: list[dict[str, Any]], console: Console) -> None:
    sizes = [f"{point['size']:g} sd" for point in measured[0]["power"]]
    table = Table(
        "false_discovery_rate", "alerts per model-day", "watched", *sizes, title="another setting: alert by day 2"
    )
    for row in measured:
        rates = (f"{row['healthy']['alerts']:.3f}", f"{row['healthy']['watches']:.3f}")
        shares = (f"{point['second_day']:.0%}" for point in row["power"])
        table.add_row(f"{row['false_discovery_rate']:g}", *rates, *shares)
    console.print(table)


def _print_slow(measured: list[SlowDrift], console: Console, world: World) -> None:
    title = f"slow drift, median: {world.name}"
    table = Table("sd per day", "first watched after days (sd)", "alert after days (sd)", title=title)
    for row in measured:
        cells = [
            "not in time" if days is None else f"{days:.0f} ({days * row.sd_per_day:.2f})"
            for days in (row.watched_after_days, row.alert_after_days)
        ]
        table.add_row(f"{row.sd_per_day:g}", *cells)
    console.print(table)


if __name__ == "__main__":
    main()
