"""Says when values count as broken: what a team may set, and what the check takes for granted."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from airmedic_core.checks import CheckOptions


class Options(CheckOptions):
    """Says when values count as broken. All fractions are of the window's rows, beyond what is usual."""

    null_fraction: float = Field(default=0.05, gt=0, le=1)
    """Values that are missing or not finite. A convention: one value in twenty."""
    value_fraction: float = Field(default=0.05, gt=0, le=1)
    """One value that stands in for others: a sentinel, a default, a zero, a stuck sensor. A convention: one row in
    twenty."""
    unseen_fraction: float = Field(default=0.01, gt=0, le=1)
    """The same where it was never seen and its kind says "missing": unknown or n/a, or a number such as 0, -1 or 9999
    that lies apart from all others and is there in a second window. One row in a hundred, a fifth of
    ``value_fraction``, because the kind is evidence of its own."""
    outside_fraction: float = Field(default=0.005, gt=0, le=1)
    """Values far beyond the reference's range. A convention: one in 200."""
    duplicate_fraction: float = Field(default=0.1, gt=0, le=1)
    """Rows that repeat another row of the window in every column. A convention: one row in ten."""
    tie_left: float = Field(default=0.35, ge=0, le=1)
    """Says what may be left of a column's tie to the others (variance explained) before it counts as broken. A
    convention: about a third."""
    spreads: float = Field(default=5.0, gt=0)
    """Sets how many window-to-window standard deviations a fraction must move. Normal windows are so far out once in
    1.7 million; real ones have heavier tails.
    """


@dataclass(frozen=True)
class Limits:
    """Limits that no team needs to set. *Tuned* means chosen on ``benchmarks/incidents/run.py --split tune``."""

    absurd_widths: float = 20.0
    """Says how many widths of the reference's range a single value must lie beyond it to be looked at by itself."""
    absurd_rows: float = 1e-3
    """Rows so far out that the tail of the reference lets expect in the window, below which one is damage."""
    tail_rows: int = 10
    """Values of the reference, at least, that its tail is taken from; of many, one in twenty."""
    few_rows: int = 3
    """Rows that are null, or far outside, before a window is called damaged. Fewer are slips of single rows, whatever
    share of a small window they take. Tuned."""
    handful_of_rows: int = 5
    """Far values that a small reference may lack by chance. Chance alone would allow for more beside few rows, but says
    nothing of how far out they lie; more than a handful beyond the whole width of the range is damage."""
    turned_rows: int = 20
    """Values below zero, where none ever was, whose distribution may show that their signs were turned: it is then
    known to 0.3 (Kolmogorov's limit at 5 %)."""
    turned_distance: float = 0.3
    """Says how far that distribution may lie from the usual one (Kolmogorov–Smirnov), for the same reason."""
    one_of_wrong: float = 0.8
    """Part of the rows that contradict their own time that one value must take to be a stand-in."""
    new_value_rows: int = 5
    """Rows of a value that was never seen before it may stand in for others. Fewer are typing errors. Tuned."""
    constant_rows: int = 10
    """Rows of one value before a column counts as constant. A value that usually takes 60 % of the rows fills ten
    independent rows in 0.6 % of the windows."""
    calendar_share: float = 0.5
    """A column whose most frequent value takes more than half of the rows of most windows follows the calendar, as the
    month does: that it moves on to another value is usual."""
    favourite: float = 0.65
    """Largest share that any value took in an earlier window, up to which one value in every row is a fault by itself.
    Tuned."""
    coarse_bins: int = 30
    """A column that fills no more bins of its profile has so few values that another favourite is a shift. Tuned."""
    stands_out: float = 2.0
    """Says how many times the share of the usual favourite a repeated value must take. Tuned."""
    gap: float = 0.1
    """Says how far beyond the range of all values, as a part of that range, a stand-in lies. Tuned."""
    gap_lately: float = 0.25
    """The same beyond the range of the last windows alone, which is narrower and moves with the season. Tuned."""
    recent_windows: int = 14
    """Windows that count as the last ones: two weeks of days, so that each weekday is there twice."""
    neighbours: int = 4
    """Bins on each side of a value that rise with it where the inputs moved. Tuned."""
    rose_alone: float = 3.0
    """Says how many times as much as any neighbour a repeated value must have risen. Tuned."""
    usual_share: float = 0.9
    """A value that took more of an earlier window than this may take all of the next: such a column never counts as
    stuck. Tuned."""
    stuck_windows: int = 7
    """Earlier windows that must be known before a largest share has a spread: a week of days."""
    stuck_category_windows: int = 4
    """The same for categories, whose share must also lie beyond its own history. Tuned."""
    other_rows: int = 20
    """Rows that would usually hold another value, counted as independent ones. Of 20 expected rows none is there by
    chance in fewer than one window of a hundred million (Poisson: exp(-20) = 2e-9)."""
    stuck_spreads: float = 5.0
    """Says how many standard deviations of earlier windows the logarithm of the odds must move, as for ``spreads``."""
    least_odds_spread: float = 0.1
    """Least spread of that logarithm: a handful of windows may be alike by chance. Tuned."""
    same_copies: float = 0.8
    """Of the rows that come more than once, the share that must come equally often where a delivery was repeated:
    rows drawn with replacement come twice, three times and more often (0.77 come twice at 0.75 draws for each row)."""
    alone_fraction: float = 0.1
    """Rows that may be left without a copy where every row was delivered several times: late ones."""
    usually_alone: float = 0.5
    """Of the reference's rows that must have no copy before a delivery without such rows is judged against it alone."""
    tie_rows: int = 200
    """Rows below which a tie between columns is not measured: with tens of columns, a regression needs some for each.
    Tuned."""

    letters_for_each: int = 4
    """Letters that a name must have for each one that may be replaced in it. Of shorter ones, such as codes of
    countries, most neighbours are names themselves."""
    most_replaced: int = 3
    """Letters that may be replaced in a long name."""
    names_compared: int = 300
    """New names, and known ones, whose nearness is looked at. Bounds the time."""
    alike_fraction: float = 0.1
    """Share of the known names that lie so near another one, up to which nearness means anything."""
    longest_name: int = 100
    """Characters of a name that is compared. Bounds the time: longer ones are text that people wrote."""
    most_names: int = 2000
    """Known names that are compared. Bounds the time."""


LIMITS = Limits()
