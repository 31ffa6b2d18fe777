"""Latency: whether the model answers in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions, Threshold
from airmedic_core.errors import MissingColumnError
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext

_SLOW_SHARE = 0.01
"""Share of the answers that may be slower than a limit on their 99th percentile."""
_CHANCE = 0.01
"""Chance of so many slow answers below which they are an alert, so that a few slow ones among few do not alarm."""


class Options(CheckOptions):
    """Says when the model counts as slow."""

    p99_ms: float = Field(default=1000.0, gt=0)
    """Limit of the 99th percentile. A second, within which an answer keeps a person's train of thought (Nielsen
    1993)."""
    min_rows: int = Field(default=20, ge=1)
    """Fewer logged latencies say nothing. Of 20 answers, one that is slow by chance is five times the share that a
    limit on the 99th percentile allows."""


@final
class Latency(Check[Options]):
    """Says whether the model answers in time.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(latency=20 * day["latency"]))
    >>> [finding] = Latency().run(context, Options())
    >>> print(f"{finding.verdict}: {finding.message}")
    alert: The 99th percentile of the latency is 3,291 ms (limit 1,000 ms).
    """

    group = "performance"
    options = Options
    thresholds = (Threshold("latency", "p99_ms", "value", 1.5),)

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Compare the 99th percentile with its limit."""
        import numpy as np
        import pandas as pd
        from scipy import special

        name = context.spec.prediction.latency_ms
        if not name or not len(context.frame):
            return []
        if name not in context.frame:
            raise MissingColumnError(f"The rows have no column {name!r}, which prediction.latency_ms names.")
        logged = np.asarray(pd.to_numeric(context.frame[name], errors="coerce"), dtype=np.float64)
        latency = logged[np.isfinite(logged)]
        if latency.size < options.min_rows:
            return []
        p99 = float(np.quantile(latency, 0.99))
        slow = int((latency > options.p99_ms).sum())
        # The chance of so many slow answers if one in a hundred is allowed (binomial tail).
        p_value = float(special.bdtrc(slow - 1, latency.size, _SLOW_SHARE)) if slow else 1.0
        wrong = p99 > options.p99_ms and p_value < _CHANCE
        earlier = (finding for past in context.history for finding in past.findings)
        before = [finding.value for finding in earlier if finding.key == "latency:batch:p99"]
        baseline = next((value for value in before if value is not None), None)
        usual = f", {baseline:,.0f} ms in the window before" if baseline is not None else ""
        return [
            Finding(
                "latency", "batch", "p99", Verdict.ALERT if wrong else Verdict.OK, value=p99, baseline=baseline,
                limit=options.p99_ms, effect=p99 / options.p99_ms - 1.0, p_value=p_value, sample_size=int(latency.size),
                unit="ms", suggests=(Cause.LATENCY_REGRESSION,) if wrong else (), role=Role.SERVICE,
                message=f"The 99th percentile of the latency is {p99:,.0f} ms (limit {options.p99_ms:,.0f} ms{usual}).",
                details={"p50": float(np.quantile(latency, 0.5)), "p95": float(np.quantile(latency, 0.95))},
            )
        ]  # fmt: skip
