"""The card of a version: what it learned from, how it was made, and what is known of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airmedic_core.numbers import measure_name

if TYPE_CHECKING:
    from airmedic_core.spec import ModelSpec

CARD = "airmedic/model_card.md"
"""Place of the card among the artifacts of a training run."""
_MOST_INPUTS = 100
"""Inputs that a card lists by name."""


def model_card(
    spec: ModelSpec, params: Mapping[str, Any], metrics: Mapping[str, float], details: Mapping[str, Any]
) -> str:
    """Return the card of what a training made, as markdown.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    params : mapping
        What went in.
    metrics : mapping
        What came out, each metric under its name behind ``withheld_``.
    details : mapping
        ``left_out``: why rows were left out → how many; ``inputs``: names → kinds.
    """
    lines = [f"# {spec.title or spec.name}", "", spec.description or "No description.", ""]
    lines += [f"Owner: {spec.owner}. Task: {spec.task}. Predicts `{spec.target}`.", "", "## How it was made", ""]
    lines += [f"* {name.replace('_', ' ')}: {value}" for name, value in params.items()]
    left_out = details.get("left_out") or {}
    lines += [f"* left out: {rows} rows ({reason})" for reason, rows in left_out.items()]
    lines += ["", "## On rows that it never saw", ""]
    known = {name: value for name, value in metrics.items() if math.isfinite(value)}
    lines += [f"* {measure_name(name.removeprefix('withheld_'))}: {value:.4g}" for name, value in known.items()]
    inputs = dict(details.get("inputs") or {})
    lines += ["", f"## Its {len(inputs)} inputs", ""]
    lines += [f"* `{name}`: {kind}" for name, kind in list(inputs.items())[:_MOST_INPUTS]]
    if len(inputs) > _MOST_INPUTS:
        lines.append(f"* and {len(inputs) - _MOST_INPUTS} more")
    return "\n".join(lines) + "\n"
