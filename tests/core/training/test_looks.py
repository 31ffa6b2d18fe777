"""Each further look at the same champion needs stronger evidence: together they err as often as one alone would."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from airmedic_core.training.trial import confidence_of
from tests.core.renewals import spec_of


def test_all_looks_together_leave_as_much_for_error_as_one(tmp_path: Path) -> None:
    spec = spec_of(tmp_path)
    assert spec.gate.confidence == 0.95
    # 6 / π² is 1 / Σ 1/n² (Euler): 0.6079, 0.1520, 0.0675 of the 5 %.
    assert [round(confidence_of(spec, look), 4) for look in (1, 2, 3)] == [0.9696, 0.9924, 0.9966]
    left = sum(1 - confidence_of(spec, look) for look in range(1, 20_000))
    assert 0.0499 < left < 0.05


def test_equally_good_challengers_pass_about_as_seldom_as_in_one_look(tmp_path: Path) -> None:
    """A new challenger each week on the newest 27 days of which 20 were there before, and none is any better."""
    spec, random = spec_of(tmp_path), np.random.default_rng(0)
    days, week, looks, repeats = 27, 7, 8, 400
    draws = random.multinomial(days, np.full(days, 1 / days), size=500) / days
    passed = {"each at 95 %": 0, "shared out": 0}
    for _ in range(repeats):
        gains = random.normal(0, 0.25, days + week * looks)
        means = [draws @ (gains[week * n : week * n + days] + random.normal(0, 0.1, days)) for n in range(looks)]
        for name in passed:
            tails = [0.05 if name == "each at 95 %" else 1 - confidence_of(spec, n + 1) for n in range(looks)]
            passed[name] += any(np.quantile(mean, tail / 2) > 0 for mean, tail in zip(means, tails, strict=True))
    # One look errs on this side in 2.5 % by construction, in 3.6 % as the percentile bootstrap of 27 blocks does it.
    assert passed["each at 95 %"] / repeats > 0.12
    assert passed["shared out"] / repeats < 0.07
