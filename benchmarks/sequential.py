"""Equal pairs of models that a sequential comparison stops, and how soon it finds one that is better or worse.

python benchmarks/sequential.py                1,000 pairs of each kind, looked at after each of 200 blocks
python benchmarks/sequential.py --pairs 200    quicker

A false stop is an interval that leaves out zero at any of the looks, on either side, though both are equally good.
Beside it stands what the usual 95 % interval of Student's t does when it is looked at as often.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from airmedic_core.metrics.row_loss import losses
from airmedic_core.verdicts.confidence_sequence import LEAST_BLOCKS, running_interval

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Array]

LIMIT_FRACTION = 0.05
"""States what the project promises."""
_ROWS_PER_BLOCK = 40
_WARM_UP = 100
"""Blocks after which an autoregressive series has forgotten its beginning."""


def main() -> int:
    """Print false stops and power; fail where a pair that is equal in the promised sense is stopped too often."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--blocks", type=int, default=200)
    chosen = parser.parse_args()
    shape = (chosen.pairs, chosen.blocks)
    print(f"{chosen.pairs:,} equal pairs, looked at after each of {chosen.blocks} blocks\n")
    print(f"{'blocks':46}{'false stops':>12}{'Student, as often':>20}")
    worst = 0.0
    for name, draw in EQUAL.items():
        blocks = draw(np.random.default_rng(0), shape)
        stops, usual = _stopped(blocks), _stopped_by_student(blocks)
        promised = name not in SKEWED
        worst = max(worst, stops) if promised else worst
        print(f"{name:46}{stops:12.1%}{usual:20.1%}{'' if promised else '   (no equal pair: see below)'}")
    print(
        "\nIn a pair that is equal a block is as likely to favour the one as the other. Skewed ones are shown beside."
    )
    print(f"\n{'power: normal blocks':46}{'found':>12}{'blocks, median':>20}")
    for effect in (0.2, 0.3, 0.5, 0.75, 1.0, 1.5):
        share, median = _found(effect, shape)
        print(f"{f'a difference of {effect:g} standard deviations':46}{share:12.0%}{median:>20}")
    print(f"\nWorst of the equal pairs: {worst:.1%}; the limit is {LIMIT_FRACTION:.0%}.")
    # A share of few pairs is off by chance.
    return int(worst > LIMIT_FRACTION + 2 * np.sqrt(LIMIT_FRACTION * (1 - LIMIT_FRACTION) / chosen.pairs))


def _stopped(blocks: Array) -> float:
    mean, half, _ = running_interval(blocks)
    return float((np.abs(mean) > half).any(axis=1).mean())


def _stopped_by_student(blocks: Array) -> float:
    n = np.arange(1, blocks.shape[1] + 1)
    mean = np.cumsum(blocks, axis=1) / n
    variance = np.maximum(np.cumsum(blocks**2, axis=1) - n * mean**2, 0.0) / np.maximum(n - 1, 1)
    half = stats.t.ppf(0.975, np.maximum(n - 1, 1)) * np.sqrt(variance / n)
    return float((np.abs(mean) > half)[:, LEAST_BLOCKS - 1 :].any(axis=1).mean())


def _found(effect: float, shape: tuple[int, int]) -> tuple[float, str]:
    mean, half, _ = running_interval(np.random.default_rng(1).normal(effect, 1.0, shape))
    detected = mean - half > 0
    first = np.where(detected.any(axis=1), detected.argmax(axis=1) + 1, np.inf)
    median = np.median(first)
    return float(detected.any(axis=1).mean()), f"{median:.0f}" if np.isfinite(median) else f"more than {shape[1]}"


def _normal(random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return random.normal(size=shape)


def _student(degrees: float) -> Draw:
    return lambda random, shape: random.standard_t(degrees, size=shape)


def _autoregressive(correlation: float, noise: Draw = _normal) -> Draw:
    def draw(random: np.random.Generator, shape: tuple[int, int]) -> Array:
        drawn = noise(random, (shape[0], shape[1] + _WARM_UP))
        for at in range(1, drawn.shape[1]):
            drawn[:, at] += correlation * drawn[:, at - 1]
        return drawn[:, _WARM_UP:]

    return draw


def _moving_average(random: np.random.Generator, shape: tuple[int, int]) -> Array:
    drawn = random.normal(size=(shape[0], shape[1] + 6))
    return sum((drawn[:, at : at + shape[1]] for at in range(7)), start=np.zeros(shape))


def _rare_giants(random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return random.normal(size=shape) + 30 * (random.random(shape) < 0.02) * random.normal(size=shape)


def _changing_spread(random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return random.normal(size=shape) * np.exp(random.normal(size=shape))


def _two_classifiers(random: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Return the mean log loss of one classifier less that of another, both as far off the truth."""
    gains = np.empty(shape)
    for pair in range(shape[0]):
        risk = random.normal(size=(shape[1] * _ROWS_PER_BLOCK))
        labels = (random.random(risk.size) < _probability(risk)).astype(float)
        first, second = (losses("binary", labels, _probability(risk + _noise(random, risk))) for _ in range(2))
        gains[pair] = (first - second).reshape(shape[1], _ROWS_PER_BLOCK).mean(axis=1)
    return gains


def _noise(random: np.random.Generator, risk: Array) -> Array:
    return 0.5 * random.normal(size=risk.size)


def _probability(risk: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-risk)))


def _exponential(random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return random.exponential(size=shape) - 1


def _lognormal(random: np.random.Generator, shape: tuple[int, int]) -> Array:
    return np.asarray(random.lognormal(size=shape) - np.exp(0.5))


EQUAL: dict[str, Draw] = {
    "log losses of two classifiers, 40 rows a block": _two_classifiers,
    "normal": _normal,
    "Student, 3 degrees of freedom": _student(3),
    "Student, 2.1 degrees of freedom": _student(2.1),
    "2 % are thirty times as large": _rare_giants,
    "spread changes from block to block": _changing_spread,
    "autoregressive, 0.2": _autoregressive(0.2),
    "autoregressive, 0.4": _autoregressive(0.4),
    "autoregressive, 0.6": _autoregressive(0.6),
    "autoregressive, 0.8": _autoregressive(0.8),
    "autoregressive, 0.5, of Student's 3": _autoregressive(0.5, _student(3)),
    "moving average of 7": _moving_average,
    "skewed: exponential": _exponential,
    "skewed: log-normal": _lognormal,
}
SKEWED = frozenset({"skewed: exponential", "skewed: log-normal"})


if __name__ == "__main__":
    raise SystemExit(main())
