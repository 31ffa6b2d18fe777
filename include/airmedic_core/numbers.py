"""Numbers and their names as people read them, the same in sentences and in tables."""

from __future__ import annotations

import math

_MEASURES = {
    "psi": "PSI", "ks": "KS", "mae": "MAE", "rmse": "RMSE", "roc_auc": "AUC", "f1": "F1", "latency_p99": "p99 latency",
}  # fmt: skip


def number(value: float | None, unit: str = "") -> str:
    """Return a number with at most four significant digits and its unit, large ones with separators.

    >>> number(1234.5), number(0.25, "fraction"), number(float("inf"))
    ('1,234', '25 %', 'infinity')
    """
    if value is None:
        return "none"
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinity" if value > 0 else "minus infinity"
    if unit in {"fraction", "share"}:
        return f"{100 * value:.3g} %"
    size = abs(value)
    if value == int(value) and size < 1e15:
        text = f"{int(value):,}"
    elif size >= 1000:
        text = f"{value:,.0f}"
    elif size >= 0.001:
        text = f"{value:.4g}"
    else:
        text = f"{value:.2e}"
    return f"{text} {unit}".strip()


def measure_name(statistic: str) -> str:
    """Return the name of a metric or statistic as people write it: ``PSI``, ``AUC``, ``null fraction``."""
    return _MEASURES.get(statistic, statistic.replace("_", " "))


def percent(fraction: float, digits: int = 0) -> str:
    """Return a fraction in percent, with so many digits behind the point."""
    return f"{100 * fraction:.{digits}f} %"
