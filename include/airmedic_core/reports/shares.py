"""How likely causes are, in shares of one whole: what people are shown adds up."""

from __future__ import annotations

from collections.abc import Sequence


def shares(confidences: Sequence[float]) -> tuple[list[float], float]:
    """Return the share of each cause and of something else, in whole percents that add up to 1.

    Each confidence is how often such an answer was right by itself, and in some cases two answers are right, so that
    they may add up to more. The first keeps its own; the others share what it leaves in the proportion of theirs.

    Parameters
    ----------
    confidences : sequence of float
        Of the causes, the first choice first.

    Examples
    --------
    >>> shares([0.839, 0.282, 0.131])
    ([0.84, 0.11, 0.05], 0.0)
    >>> shares([0.6, 0.1])
    ([0.6, 0.1], 0.3)
    """
    if not confidences:
        return [], 1.0
    first, *others = [min(max(confidence, 0.0), 1.0) for confidence in confidences]
    total = sum(others)
    scale = min(1.0, (1.0 - first) / total) if total else 1.0
    exact = [100 * first, *(100 * scale * other for other in others)]
    exact.append(100.0 - sum(exact))
    *whole, rest = _rounded(exact)
    return [percent / 100 for percent in whole], rest / 100


def _rounded(percents: Sequence[float]) -> list[int]:
    """Return whole numbers with the same sum: those that are cut most are rounded up (the largest remainders)."""
    # What is exact but for the last bits of a float is not cut.
    whole = [int(percent + 1e-6) for percent in percents]
    missing = round(sum(percents)) - sum(whole)
    most_cut = sorted(range(len(percents)), key=lambda place: whole[place] - percents[place])
    for place in most_cut[:missing]:
        whole[place] += 1
    return whole
