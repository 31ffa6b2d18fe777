"""The reliability picture: stated confidence against the share of answers that were right."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from labelled.confidence import Group

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "calibration"))

from draw import GREY, OURS, OURS_SECOND, STYLE, mpl, plt


def draw_reliability(series: Mapping[str, Sequence[Group]], path: Path) -> None:
    """Draw the groups of each kind of answers, with 95 % intervals.

    Parameters
    ----------
    series : mapping
        The groups of each kind of answers, by its name; two at most.
    path : pathlib.Path
        The SVG to write.
    """
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(5.4, 4.0), layout="constrained")
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":")
        for color, (name, groups) in zip((OURS, OURS_SECOND), series.items(), strict=False):
            shares = [group.right.hits / group.right.of for group in groups]
            lows, highs = zip(*(group.right.interval for group in groups), strict=True)
            errors = [
                [share - low for share, low in zip(shares, lows, strict=True)],
                [high - share for share, high in zip(shares, highs, strict=True)],
            ]
            stated = [group.stated for group in groups]
            axes.errorbar(stated, shares, errors, color=color, fmt="o", elinewidth=1.2, label=name)
            for group, share in zip(groups, shares, strict=True):
                axes.annotate(
                    str(group.right.of), (group.stated, share), (6, -10), textcoords="offset points", fontsize=8
                )
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("stated confidence")
        axes.set_ylabel("share of right answers")
        axes.legend(loc="upper left")
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
