"""Draws what ``run.py --json`` has measured: ``python benchmarks/calibration/draw.py FIGURES.json docs/images``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

INK, GREY, PALE = "#1f2933", "#8a94a0", "#d9dee4"
OURS, OURS_SECOND = "#1f6f78", "#7fb7b2"
OTHERS = {
    "ks": ("Kolmogorov–Smirnov, χ² (5 %)", "#c98b4b", ":"),
    "bonferroni": ("the same, with Bonferroni", "#a5668b", "--"),
    "evidently": ("Evidently 0.7.23, default", "#6b7a8f", "-."),
}
STYLE = {
    "font.size": 10, "text.color": INK, "axes.edgecolor": PALE, "axes.labelcolor": INK, "axes.titlecolor": INK,
    "axes.titlesize": 10.5, "axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False,
    "xtick.color": GREY, "ytick.color": GREY, "xtick.labelcolor": INK, "ytick.labelcolor": INK,
    "legend.frameon": False, "legend.fontsize": 9, "svg.hashsalt": "airmedic", "figure.facecolor": "white",
}  # fmt: skip


def main() -> None:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    measured = json.loads(options.figures.read_text(encoding="utf-8"))
    options.folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        _save(_false_alarms(measured["healthy"][0]), options.folder / "false-alarms.svg")
        _save(_power(measured["power"]), options.folder / "power.svg")
        _save(_by_columns(measured["power"]), options.folder / "power-by-columns.svg")


def _false_alarms(measured: dict[str, Any]) -> plt.Figure:
    figure, axes = plt.subplots(figsize=(7.2, 2.4), layout="constrained")
    rows = [("Airmedic", measured["alerts"], OURS)]
    rows += [(title, measured["others"][name], color) for name, (title, color, _) in reversed(OTHERS.items())]
    least = 0.01
    for at, (_, value, color) in enumerate(rows):
        axes.barh(at, max(value, least), color=color, height=0.55)
        axes.text(max(value, least) * 1.15, at, f"{value:.3g}", va="center")
    axes.axvline(0.1, color=GREY, linewidth=1, linestyle=":")
    axes.text(0.105, len(rows) - 0.45, "target 0.1", color=GREY, fontsize=9)
    axes.set_yticks(range(len(rows)), [title for title, _, _ in rows])
    axes.set_xscale("log")
    axes.set_xlim(least, 400)
    axes.set_xlabel("columns alarmed per healthy model-day, of 200 (logarithmic)")
    axes.tick_params(axis="y", length=0)
    return figure


def _power(curves: dict[str, list[dict[str, Any]]]) -> plt.Figure:
    figure, panels = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained", sharey=True)
    named = (
        ("shift of numbers, 10 of 200 columns", "Shift of numbers", "standard deviations"),
        ("share moved into one category, 10 of 200 columns", "Shift between categories", "share of rows moved"),
        ("share of nulls, 5 of 50 columns", "Missing values", "share of nulls"),
    )
    for axes, (key, title, unit) in zip(panels, named, strict=True):
        points = curves[key]
        sizes = [point["size"] for point in points]
        for name, (label, color, dashes) in OTHERS.items():
            if points[0]["others"]:
                shares = [point["others"][name] for point in points]
                axes.plot(sizes, shares, color=color, linestyle=dashes, linewidth=1.2, label=label)
        _ours(axes, sizes, points)
        axes.set_title(title)
        axes.set_xlabel(unit)
    panels[0].set_ylabel("changed columns that are found")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def _by_columns(curves: dict[str, list[dict[str, Any]]]) -> plt.Figure:
    figure, axes = plt.subplots(figsize=(5.6, 3.4), layout="constrained")
    for columns, color in ((1, PALE), (10, OURS_SECOND), (80, OURS)):
        points = curves[f"shift of numbers, {columns} of 200 columns"]
        sizes, shares = [point["size"] for point in points], [point["incident_second_day"] for point in points]
        axes.plot(sizes, shares, color=color, linewidth=2, label=f"{columns} of 200 columns move")
    _percent(axes)
    axes.set_xlabel("shift in standard deviations")
    axes.set_ylabel("an incident by the second day")
    axes.legend(loc="lower right")
    return figure


def _ours(axes: Axes, sizes: list[float], points: list[dict[str, Any]]) -> None:
    second = [point["second_day"] for point in points]
    first = [point["first_day"] for point in points]
    axes.plot(sizes, second, color=OURS, linewidth=2.2, marker="o", markersize=4, label="Airmedic, alert by day 2")
    axes.plot(sizes, first, color=OURS_SECOND, linewidth=1.6, label="Airmedic, alert on day 1")
    _percent(axes)


def _percent(axes: Axes) -> None:
    axes.set_ylim(-0.02, 1.04)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(axis="y", color=PALE, linewidth=0.6)


def _save(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
