"""Says when columns count as changed: what a team may set, and what the check takes for granted."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from airmedic_core.checks import CheckOptions


class Options(CheckOptions):
    """Says when columns count as changed."""

    unreadable_fraction: float = Field(default=0.05, gt=0, le=1)
    """Values of a numeric column that are no numbers, beyond the reference's share. A convention: one value in
    twenty."""
    unseen_fraction: float = Field(default=0.3, gt=0, le=1)
    """Rows with categories that the reference does not know, beyond its usual share: the vocabulary has changed. A
    convention: fewer new names are growth."""
    grain_factor: float = Field(default=3.0, gt=1)
    """Rows for each moment, against those of earlier windows: the table has another grain. A convention: twice as many
    rows may be a busy day."""


@dataclass(frozen=True)
class Limits:
    """Limits that no team needs to set. *Tuned* means chosen on ``benchmarks/incidents/run.py --split tune``."""

    named_columns: int = 10
    """New columns that a sentence names. Bounds its length."""
    kept_columns: int = 50
    """New columns that a finding keeps. Bounds its size."""
    constant_rows: int = 200
    """Rows of one value in the reference, and nothing else, from which a column counts as constant: another value would
    have been seen, with a probability of 99.99 %, if one row in twenty had it (0.95²⁰⁰ = 4e-5)."""
    varied_rows: int = 5
    """Rows of other values before a column that was constant counts as varying. Fewer are slips."""
    rows_of_a_step: float = 5.0
    """Rows for each change of value, at the least, where a column moves on by steps. Independent rows change nearly
    every time, however many values they have."""
    mostly_text: float = 0.5
    """Share of values that are no numbers from which a column of numbers has become text. Below, the values are damaged
    one by one."""
    new_text: float = 0.01
    """Share of such values that counts where the reference's rows are all numbers."""
    renamed_fraction: float = 0.02
    """Rows of renamed categories, beyond the usual share of unknown ones. Fewer rows are single new names. Tuned."""
    windows: int = 4
    """Earlier windows that must be known before something is called usual in every one of them."""
    rows_gone: int = 20
    """Rows of a category that every window would have had. Of 20 expected rows none is there by chance in fewer than
    one window of a hundred million (Poisson: exp(-20) = 2e-9)."""
    errors: float = 3.0
    """Standard errors by which a new category's share may miss those of the one that it replaced."""
    likeness: float = 0.6
    """Overlap of values from which a new column may be a missing one renamed: one minus the Kolmogorov–Smirnov distance
    of numbers, or the share of rows with known categories. Tuned."""
    same_words: float = 0.2
    """Says what equal words in two names add to that when several columns are alike. Tuned."""
    moved: float = 0.3
    """Kolmogorov–Smirnov distance from its reference that an exchanged column has moved at the least. Tuned."""
    left: float = 0.25
    """Part of that distance that may be left from the other column's reference. Tuned."""
    most_left: float = 0.5
    """The same where windows of the other column usually lie as far from its reference: a week of wind blows from one
    side."""
    near: float = 0.5
    """Standard deviations between a column's mean and the other's, beyond which their rows are not compared. Bounds the
    time: distributions whose means lie farther apart leave more than a quarter of any distance."""
    column_rows: int = 50
    """Rows of a column below which its place is not compared: two of 50 are apart by 0.27 by chance (5 %)."""
    few_values: int = 2
    """Columns of so few values are not compared. Flags swap their shares whenever a mix turns."""
    mirrored: float = 0.05
    """Spread of the sum of two columns, as a part of the sum of their spreads. Up to it they are parts of a whole."""
    slid_columns: int = 3
    """Columns in a row that must hold the values of their neighbours: two that lie where the other one was may be
    inputs that moved."""
    slid_reference_rows: int = 200
    """Rows of the reference that densities are taken from: a bin of 64 then holds three of them."""
    slid_usual: float = 0.95
    """Quantile of what a column says of the reference's rows, above which it begins to say something."""
    slid_most: float = 4.0
    """Most that one column says: a likelihood fifty times as large (e⁴)."""
    slid_evidence: float = 7.0
    """Says what all columns together must say of a row: a likelihood 1,000 times as large (e⁷), by two columns at the
    least."""
    slid_most_rows: float = 0.5
    """Rows from which two columns in another unit look alike."""
    slid_evidence_of_all: float = 8.5
    """Says what all columns must say then: three of them at the least."""
    slid_others: float = 0.6
    """Kolmogorov–Smirnov distance of a column in the rows that did not slide, above which it has moved as a whole."""
    slid_fraction: float = 0.01
    """Rows that slid, beyond the usual share of rows that look so."""
    slid_hardly_between: float = 0.1
    """Such rows, as a part of those that slid, up to which the two kinds of rows are apart: a season that has moved all
    rows leaves many between them."""
    slid_between: float = 1.0
    """Rows that are likelier under the names beside theirs, but not so clearly, beyond the usual and as a multiple of
    those that slid. Where inputs move, they are many more."""
    recoded_fraction: float = 0.03
    """Change of a value's share from which it may have another code."""
    recoded_errors: float = 4.0
    """Standard errors that this change must have: one of 16,000 shares changes so much by chance."""
    recoded_left: float = 0.05
    """Part of a share that a value may keep and still be gone, or may have had and still be new."""
    recoded_steady: float = 0.3
    """Part of its share that a value must have had in every part of the reference. What comes and goes is no code."""
    recoded_values: int = 12
    """Values of a column that may have another code. Of many values of small shares, some match by chance."""
    recoded_constant: float = 0.98
    """Share of one value from which a column is constant, and has no shares to compare."""


LIMITS = Limits()
