from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from airmedic_core.profile import Profile, ProfileError, build_profile, empty_profile
from airmedic_core.profile.edges import Edges
from airmedic_core.profile.from_values import numeric_profile
from airmedic_core.windows import Window
from tests.core.profile.trees import close

ANY_NUMBERS = arrays(
    float, st.integers(0, 60), elements=st.floats(-1e6, 1e6) | st.sampled_from([np.nan, np.inf, -np.inf])
)
CUTS = arrays(float, st.integers(0, 12), elements=st.floats(-1e6, 1e6), unique=True).map(np.sort)


@given(values=ANY_NUMBERS, cuts=CUTS)
def test_bins_are_those_of_a_search_for_each_value(values, cuts):
    # The independent way: numpy's search, one value at a time.
    profile = numeric_profile(cuts, values)
    finite = values[np.isfinite(values)]
    position = np.searchsorted(cuts, finite, side="left")
    assert profile.counts.tolist() == np.bincount(position, minlength=len(cuts) + 1).tolist()
    np.testing.assert_allclose(profile.sums, np.bincount(position, finite, len(cuts) + 1), rtol=1e-9, atol=1e-6)
    assert profile.rows == profile.nulls + profile.non_finite + profile.unreadable + profile.counts.sum()
    assert (profile.nulls, profile.non_finite) == (np.isnan(values).sum(), np.isinf(values).sum())
    assert (profile.zeros, profile.negatives) == ((finite == 0).sum(), (finite < 0).sum())
    if len(finite):
        assert (profile.minimum, profile.maximum) == (finite.min(), finite.max())
        assert profile.mean == pytest.approx(finite.mean(), rel=1e-9, abs=1e-6)
        # Squares are taken around the reference's centre, which bounds how small a spread they can tell from none.
        scale = np.abs(finite).max() + abs(profile.centre)
        assert profile.sd == pytest.approx(finite.std(), rel=1e-6, abs=1e-7 * scale)


def test_the_spread_of_large_numbers_is_kept():
    values = 1.7e9 + np.random.default_rng(0).normal(0, 1, 10_000)
    profile = numeric_profile(np.array([1.7e9]), values)
    assert profile.sd == pytest.approx(values.std(), rel=1e-6)


@pytest.mark.parametrize("parts", [[0, 1500, 3000], [0, 1, 2, 3000], [0, 0, 3000], list(range(0, 3001, 100))])
def test_parts_merge_into_the_whole(edges, reference_rows, parts):
    rows = reference_rows.assign(score=np.linspace(0, 1, len(reference_rows)), loss=0.25)
    arguments = {"score": "score", "label": "left", "loss": "loss"}
    whole = build_profile(edges, rows, **arguments)
    slices = (rows.iloc[start:end] for start, end in pairwise(parts))
    close(build_profile(edges, slices, **arguments).to_json(), whole.to_json())


def test_merging_spans_the_windows(edges):
    first, second = (
        empty_profile(edges, Window(day, next_day))
        for day, next_day in (("2026-01-01", "2026-01-02"), ("2026-01-05", "2026-01-06"))
    )
    assert second.merge(first).window == Window("2026-01-01", "2026-01-06")


def test_profiles_on_different_edges_do_not_merge(spec, edges, reference_rows):
    other = Edges.from_frame(spec, reference_rows.head(500))
    with pytest.raises(ProfileError, match=r"have different edges\. Build both with the edges of one reference"):
        empty_profile(edges).merge(empty_profile(other))


@pytest.mark.parametrize("form", ["table", "batches", "dictionary"])
def test_arrow_gives_the_profile_of_pandas(edges, reference_rows, form):
    table = pa.Table.from_pandas(reference_rows, preserve_index=False)
    if form == "dictionary":
        at = table.column_names.index("plan")
        table = table.set_column(at, "plan", table["plan"].dictionary_encode())
    rows = table if form == "table" else table.to_batches(max_chunksize=700)
    close(build_profile(edges, rows).to_json(), build_profile(edges, reference_rows).to_json())


def test_an_error_of_the_source_comes_out_of_a_stream(edges, reference_rows):
    def parts():
        yield reference_rows.head(3)
        yield reference_rows.tail(3)
        raise OSError("the file ends too soon")

    with pytest.raises(OSError, match="ends too soon"):
        build_profile(edges, parts())


def test_labels_and_losses_add_up_by_score_bin_and_segment(edges, reference_rows):
    rows = reference_rows.head(6).assign(plan=["pro", "pro", "basic", "basic", None, "new"])
    score = np.array([0.1, 0.9, 0.5, np.nan, 0.5, 0.5])
    label = np.array([0, 1, np.nan, 1, 1, 0])
    loss = np.array([0.1, 0.2, np.nan, 0.4, 0.5, 0.6])
    profile = build_profile(edges, rows, score=score, label=label, loss=loss)
    assert profile.scores is not None
    assert profile.scores.labelled.sum() == 4  # the row without a score is in no score bin
    assert profile.scores.label_totals.sum() == pytest.approx(2)
    assert profile.scores.loss_totals.sum() == pytest.approx(1.4)
    assert profile.scores.score_totals.sum() == pytest.approx(2.0)
    assert profile.segments.keys() == {"plan=pro", "plan=basic"}
    pro, basic = profile.segments["plan=pro"], profile.segments["plan=basic"]
    assert (pro.rows, pro.labelled, pro.score_total, pro.label_total) == (2, 2, 1.0, 1.0)
    assert (basic.rows, basic.labelled, basic.loss_total) == (2, 1, 0.4)


def test_a_missing_column_is_named_and_counts_as_null(edges, reference_rows):
    profile = build_profile(edges, reference_rows.drop(columns=["age", "plan"]))
    assert profile.missing == {"age", "plan"}
    assert profile.columns["age"].nulls == profile.columns["plan"].nulls == len(reference_rows)
    assert profile.merge(build_profile(edges, reference_rows)).missing == frozenset()


ODD_COLUMNS = {
    "all null": [None] * 6,
    "constant": [7.0] * 6,
    "infinite": [np.inf, -np.inf, np.nan, 1.0, 2.0, 3.0],
    "text": ["x", "y", None, "1.5", "z", ""],
    "mixed": ["x", 1, 2.5, None, True, b"raw"],
    "lists": [[1], [1, 2], None, [], [3], [4]],
    "mappings": [{"a": 1}, {"a": 2}, None, {}, {"b": 1}, {"a": 1}],
    "moments": pd.date_range("2026-01-01", periods=6),
    "spans": pd.to_timedelta(range(6), unit="s"),
    "complex": ["1+2j", "nan", "inf", "1e3", "0x10", " 5 "],
    "booleans": [True, False, None, True, False, True],
}


@pytest.mark.parametrize("values", ODD_COLUMNS.values(), ids=ODD_COLUMNS.keys())
@pytest.mark.parametrize("column", ["age", "plan", "day"])
def test_an_odd_column_has_a_result_and_hides_no_other(edges, reference_rows, column, values):
    rows = reference_rows.head(6).copy()
    rows[column] = pd.Series(values)
    profile = build_profile(edges, rows)
    odd = profile.columns[column]
    assert odd.rows == 6
    assert 0 <= odd.nulls <= 6
    if column == "age":
        assert odd.nulls + odd.unreadable + odd.non_finite + odd.counts.sum() == 6
    if column == "plan":
        assert odd.nulls + odd.counts.sum() + odd.other + odd.unseen == 6
    straight = build_profile(edges, reference_rows.head(6))
    for name in set(edges.columns) - {column}:
        close(profile.to_json(edges=False)["columns"][name], straight.to_json(edges=False)["columns"][name])


def test_what_is_no_number_is_unreadable_not_null(edges, reference_rows):
    rows = reference_rows.head(4).assign(age=["41", "old", None, "1e2"])
    age = build_profile(edges, rows).columns["age"]
    assert (age.unreadable, age.nulls, age.total) == (1, 1, 141.0)


def test_columns_of_one_name_use_the_first(edges, reference_rows):
    rows = pd.concat([reference_rows.head(3), reference_rows[["age"]].head(3) * 0], axis=1)
    assert build_profile(edges, rows).columns["age"].zeros == 0


def test_no_rows_at_all_are_a_profile(edges, reference_rows):
    for rows in (reference_rows.head(0), pd.DataFrame(), []):
        profile = build_profile(edges, rows)
        assert profile.rows == 0
        assert np.isnan(profile.columns["age"].mean)
        assert profile.columns["age"].null_fraction == 0


def test_one_row_is_a_profile(edges, reference_rows):
    profile = build_profile(edges, reference_rows.head(1))
    assert profile.columns["visits"].sd == 0
    assert profile.columns["day"].minimum == profile.columns["day"].maximum


def test_unseen_and_other_categories_are_told_apart():
    from airmedic_core.profile.edges import Categories
    from airmedic_core.profile.from_values import categorical_profile

    known = Categories(("a",), ("b",))
    profile = categorical_profile(known, {"a": 5, "b": 2, "new": 3}, nulls=1)
    assert (profile.counts.tolist(), profile.other, profile.unseen, profile.rows) == ([5], 2, 3, 11)
    assert profile.unseen_names == {"new": 3}
    unsure = categorical_profile(Categories(("a",), ("b",), complete=False), {"new": 3}, nulls=0)
    assert (unsure.other, unsure.unseen) == (3, 0)


def test_samples_of_unseen_names_merge_exactly_however_many_there_are(edges, reference_rows):
    rows = reference_rows.assign(plan=[f"plan {number:05}" for number in range(len(reference_rows))])
    whole = build_profile(edges, rows)
    parts = build_profile(edges, [rows.iloc[2000:], rows.iloc[:2000]])
    assert whole.columns["plan"].unseen == len(rows)
    assert len(whole.columns["plan"].unseen_names) == 50
    assert parts.columns["plan"].unseen_names == whole.columns["plan"].unseen_names


def test_merging_is_a_method_of_profiles(edges, reference_rows):
    half = build_profile(edges, reference_rows.head(1500))
    assert isinstance(half.merge(half), Profile)
    assert half.merge(half).rows == 3000
