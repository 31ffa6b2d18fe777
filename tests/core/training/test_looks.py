"""Each further look at the same champion needs stronger evidence: together they err as often as one alone would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from airmedic_core.metrics import block_draws, tail_bounds
from airmedic_core.records import GateResult
from airmedic_core.training.trial import confidence_of, told
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


def test_the_level_holds_over_sixteen_windows_with_two_trainings_each(tmp_path: Path) -> None:
    """As above, with the bounds and the resamples that the gate takes: 32 looks, and no challenger is any better."""
    spec, random = spec_of(tmp_path), np.random.default_rng(0)
    days, week, windows, repeats = 27, 7, 16, 500
    draws = block_draws(days) / days
    passed = {"by percentile": 0, "with a tail": 0}
    for _ in range(repeats):
        gains = random.normal(0, 0.25, days + week * windows)
        low = []
        for look in range(1, 2 * windows + 1):
            begin = week * ((look - 1) // 2)
            means = draws @ (gains[begin : begin + days] + random.normal(0, 0.1, days))
            confidence = confidence_of(spec, look)
            low.append((np.quantile(means, (1 - confidence) / 2), tail_bounds(means, confidence, days)[0]))
        for name, bounds in zip(passed, np.transpose(low), strict=True):
            passed[name] += (bounds > 0).any()
    # The smallest of 1,000 resamples stands in for every percentile beyond it, and is passed more often.
    assert passed["by percentile"] / repeats > 0.07
    assert passed["with a tail"] / repeats < 0.05


def test_a_bound_moves_on_where_no_resample_lies_beyond_it(tmp_path: Path) -> None:
    spec = spec_of(tmp_path)
    means = np.random.default_rng(1).normal(size=1000)
    lows = [tail_bounds(means, confidence_of(spec, look), 27)[0] for look in range(1, 40)]
    assert (np.diff(lows) < 0).all()
    # Student's t with 26 degrees of freedom at 10 in 1,000 and at 1 in 1,000,000 (R: qt(c(.01, 1e-6), 26)).
    reached = tail_bounds(means, 1 - 2e-6, 27)[0]
    assert reached == pytest.approx(np.quantile(means, 0.01) - (6.06 - 2.479) * means.std(ddof=1), abs=0.05)
    # Where ten or more resamples lie beyond it, it is the percentile.
    assert tail_bounds(means, 0.95, 27) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))


def test_no_interval_is_said_to_be_certain(tmp_path: Path) -> None:
    spec = spec_of(tmp_path)
    result = GateResult("passed", "roc_auc", (), "1", "2", 0.7, 0.75, 0.05, 0.02, 0.08, -0.01, 300, 5)
    shown = [told(spec, result, "open", confidence_of(spec, look)) for look in (1, 3, 10, 100)]
    assert ["96.96 % interval" in shown[0], "99.662 % interval" in shown[1]] == [True, True]
    assert not any("(100 %" in sentence for sentence in shown)
