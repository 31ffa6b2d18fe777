"""Says when a column counts as converted: what a team may set, and what the check takes for granted."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from airmedic_core.checks import CheckOptions


class Options(CheckOptions):
    """Says when a column counts as converted."""

    least_share: float = Field(default=0.05, gt=0, le=1)
    """A smaller share of converted rows is not looked for. A convention: one row in twenty."""
    least_distance: float = Field(default=0.1, gt=0, le=1)
    """Columns that moved less than this (Kolmogorov–Smirnov), or no more than usual, are not looked at. A convention: a
    tenth of the rows on the other side of some value."""


@dataclass(frozen=True)
class Limits:
    """Limits that no team needs to set. *Tuned* means chosen on ``benchmarks/incidents/run.py --split tune``.

    Distances are those of Kolmogorov and Smirnov, from 0 to 1.
    """

    # A whole column, or a share of its rows
    ks_5_percent: float = 1.36
    """Divided by the root of the rows, the distance that rows alone exceed in 5 % of the cases (Smirnov 1948, Table for
    estimating the goodness of fit of empirical distributions)."""
    ks_1_percent: float = 1.63
    """The same in 1 % of the cases."""
    ks_1_per_mille: float = 1.95
    """The same in 0.1 % of the cases."""
    column_rows: int = 20
    """Values below which a column is not looked at: by rows alone they are up to 0.3 apart."""
    whole: float = 0.95
    """Share of converted rows from which all of them count as converted: zeros look the same in every unit."""
    filled_bins: int = 8
    """Bins that the reference must fill. Fewer have no distribution to speak of. Tuned."""
    distinct_values: int = 5
    """Values that the window must have, for the same reason. Tuned."""
    wandering: float = 0.3
    """Windows of a column that usually differ by more show little by their distribution. Tuned."""
    above_usual: float = 1.1
    """Says how many times the largest distance of any earlier window a column must have moved. Tuned."""
    typical: float = 0.9
    """Share of earlier windows that are no farther from the reference than a conversion may leave a column. Tuned: of
    days that are alike but for one storm, the storm does not count."""
    usual_slack: float = 1.3
    """Says how many times the usual distance a conversion may leave. Tuned."""
    least_left: float = 0.05
    """Distance that a conversion may always leave: profiles hold about 128 bins, so that a step of them is lost."""
    left: float = 0.25
    """Part of a move that a conversion leaves at the most, if it is more than rows explain. Tuned."""
    most_left: float = 0.5
    """Part of a move that a conversion leaves at the most, however few the rows are. Tuned."""
    rare: float = 1e-6
    """Share of a bin, at the least, in which a distribution has no row: an empty bin would forbid what is only
    seldom."""
    gain: float = 12.0
    """Log-likelihood that a mixture with converted rows must gain. By chance one conversion gains so much in 6 of a
    million columns (chi-square of two degrees of freedom), and about 65 conversions are tried."""
    apart: float = 0.8
    """A column that lies so far from its reference is on another scale. Tuned."""
    shape: float = 0.15
    """Part of that distance that is left at the most once a column that kept its shape is scaled back. Tuned."""
    factor: float = 3.0
    """Factor from which a column without a known conversion counts as converted; by a smaller one it may have grown.
    Tuned."""

    extreme_factor: float = 10.0
    """Factor of a whole column from which a quarter of its move may be left. Seasons and growth stay below three."""

    # A column brought onto 0…1, or onto mean 0 and standard deviation 1
    unit_slack: float = 0.01
    """Says how far beyond 0 and 1 values may lie: the range was that of other rows."""
    unit_width: float = 0.3
    """Part of that range that the values must span. Tuned."""
    wide: float = 5.0
    """Width of the reference from which a column was not near 0…1 before. Tuned."""
    standard_mean: float = 0.3
    """Says how far the mean may lie from 0: one window is not the rows that the scale was made from. Tuned."""
    standard_sd: tuple[float, float] = (0.7, 1.4)
    """Bounds of the standard deviation, for the same reason: half or double the variance."""
    near_standard_mean: float = 3.0
    """Mean of the reference up to which a column may have been standardised before. Tuned."""
    near_standard_sd: tuple[float, float] = (0.3, 3.0)
    """The same for its standard deviation. Tuned."""

    # Rows that can only be converted ones
    margin: float = 0.2
    """Part of a column's range beyond which values lie where the column never was. Tuned."""
    outside: float = 0.02
    """Share of rows that a conversion must bring beyond the ends of the column before that is looked for. Tuned."""
    exact: float = 0.1
    """Part of a difference that remains at the most when values are converted back exactly. Tuned."""
    mostly: float = 0.7
    """Part of the converted rows that must lie where the column never was, and of all rows that must be back inside
    once they are converted. Tuned."""
    put_back: float = 0.9
    """Share of the rows that must be on the steps of the column once they are converted. Tuned."""
    at_least_half: float = 0.5
    """Rows that only converted ones explain must be at least half as many as the share of them says, and at most twice
    as many."""
    tail: float = 0.0005
    """Share of the reference beyond each end of it where only converted rows are looked for: 1 row in 1,000."""
    tail_rows: int = 10
    """Rows out there from which their distribution is compared. Tuned."""
    tail_points: int = 5
    """Edges of the profile out there, at the least, to compare it at."""
    tail_distance: float = 0.15
    """Says how far that distribution may differ from the one of converted rows. Tuned."""
    gain_by_overlap: float = 50.0
    """Log-likelihood that must be gained where converted rows overlap with all others. Tuned."""
    gain_by_row: float = 3.0
    """The same for each converted row, where they are few. Tuned."""
    large_share: float = 0.25
    """Share of converted rows that are not few. Tuned."""
    separate_spreads: float = 2.0
    """Spreads by which two groups of rows are apart when they show as two (Ashman, Bird, Zepf 1994, Detecting
    bimodality in astronomical datasets, AJ 108:2348–2361)."""
    separate_factor: float = 5.0
    """A factor of this size puts rows apart, however wide the column is. Tuned."""

    # Factors that fit about as well
    farthest: float = 0.7
    """Natural logarithm of how far off factors are tried: from half a factor to its double."""
    steps: int = 71
    """Factors that are tried in that range: each is 2 % larger than the one before. Bounds the time."""
    lack: float = 8.0
    """Log-likelihood that a factor may lack to the best one. Two would be two standard errors, but the reference is a
    sample too. Tuned, so that the range holds the true factor."""
    one_factor: float = 1.04
    """Factors no farther apart than this, two steps, are told as one."""
    bins: int = 100
    """Bins in which likelihoods are compared. Bounds the time."""
    named: int = 3
    """Other known conversions that a sentence names. Bounds its length."""

    # Grids and levels
    most_steps: int = 120
    """Values that a measurement grid may have: a profile of about 128 bins holds no more of them apart."""
    least_steps: int = 8
    """Values below which a column has levels rather than a grid. Tuned."""
    repeats: int = 5
    """Rows for each value of a grid, at the least. In other columns values are seldom the same. Tuned."""
    one_value: float = 0.99
    """Share of the rows that lie in bins of one value each, where a column has a grid."""
    new_rows: int = 5
    """Rows between the steps, or off the levels, at the least. Fewer are typing errors. Tuned."""
    back: float = 0.95
    """Share of these rows that a conversion must put back. Tuned."""
    most_levels: int = 60
    """Values that a column of levels may have. Tuned."""
    least_levels: int = 3
    """Levels that must be met exactly: two points lie on many lines."""
    rounded: float = 1e-3
    """Part of a value that rounding may have changed."""
    covered: float = 0.8
    """Share of the rows whose level must be among those met: the frequent ones must not be missing. Tuned."""
    levels_apart: float = 0.15
    """Distance between the shares of levels, before and after, beyond what rows explain. Tuned."""

    # One group of rows
    group_move: float = 0.5
    """A group that moved by less may have done so by itself. Tuned."""
    group_rows: int = 20
    """Rows of a group in the window, at the least."""
    group_past_rows: int = 100
    """Rows of a group in the reference, at the least: its distribution is known to 0.14."""
    groups: int = 30
    """Groups of each column that are looked at, the most frequent ones. Bounds the time."""
    group_values: int = 8
    """Values that a group had in the reference, at the least. Tuned."""
    group_factor: float = 5.0
    """Smaller factors may be a price list of one group. Tuned."""
    round_factor: float = 2.0
    """Says how far off a power of ten or of sixty may be before its distance must show it. They lie far apart."""
    other_factor: float = 1.1
    """The same for all other factors: between 5 and 40 there are a dozen."""
    company: float = 0.34
    """Share of a group's other columns that moved too, from which a shifted scale is no explanation of one of them."""
    rest: float = 0.15
    """Says how far all other rows may have moved. Tuned."""
    rest_of_move: float = 0.45
    """The same as a part of the group's move: a season moves all rows, and a conversion moves the group beyond it."""
    group_tail: float = 0.01
    """Share of the group's earlier values on each side of those between which it was."""
    group_bins: int = 64
    """Bins in which all groups are looked at first. Bounds the time."""
    binned: float = 0.05
    """Says what a distance may lose in these bins: three of 64."""
    as_far: float = 0.75
    """Part of its move that a group has made before, if it goes there by itself. Tuned."""
    group_window_rows: int = 12
    """Rows of a group in an earlier window, at the least. Windows of fewer are joined to the next."""
    parts: int = 8
    """Parts of a reference that was not split into windows."""

    # A clock of another zone
    counts: float = 0.99
    """Correlation with the time from which a column is a counter. A season or a trend with weather on it has less."""
    counts_on: float = 0.5
    """Says how far a counter may lie from where it would be, as a part of how far it went since: machines run for more
    hours, or fewer, than they did."""
    clock_rows: int = 20
    """Rows that tell an hour, at the least."""
    clock_always: float = 0.99
    """Share of the rows that must differ from the clock by the same number of hours."""
    clock_usual: float = 0.05
    """Share of the rows that makes an offset a usual one; where zones differ by half an hour there are two."""
    clock_share: float = 0.25
    """Share of the rows that must tell the hour of another zone. Rows of one more region that tells its own hour are
    rarely so many at once."""


LIMITS = Limits()
