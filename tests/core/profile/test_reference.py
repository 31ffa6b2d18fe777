import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from airmedic_core.columns import ColumnType
from airmedic_core.errors import SourceError
from airmedic_core.profile import Profile, ProfileError, Reference, build_profile, build_reference
from airmedic_core.windows import Window


@pytest.fixture(scope="module")
def scored(reference_rows):
    generator = np.random.default_rng(2)
    labels = reference_rows["left"].to_numpy(float)
    return np.clip(0.2 + 0.3 * labels + generator.normal(0, 0.2, len(labels)), 0.01, 0.99), labels


@pytest.fixture(scope="module")
def reference(spec, reference_rows, scored):
    scores, labels = scored
    holdout = np.arange(len(labels)) >= 2000
    return build_reference(spec, reference_rows, scores=scores, labels=labels, holdout_mask=holdout)


def test_windows_are_those_of_the_calendar_and_add_up_to_the_whole(reference, reference_rows):
    assert [str(window.window) for window in reference.windows[:2]] == ["2026-01-01", "2026-01-02"]
    assert reference.window_rows == (24,) * 125
    merged = reference.windows[0].profile
    for window in reference.windows[1:]:
        merged = merged.merge(window.profile)
    assert merged.columns["age"].counts.tolist() == reference.whole.columns["age"].counts.tolist()
    assert merged.rows == len(reference_rows)


def test_windows_without_rows_are_kept(spec, reference_rows):
    gap = reference_rows[(reference_rows["day"].dt.day != 3) | (reference_rows["day"].dt.month != 1)]
    assert build_reference(spec, gap.head(96)).window_rows == (24, 24, 0, 24, 24)


def test_performance_is_that_of_the_rows_not_trained_on(reference, scored):
    scores, labels = (values[2000:] for values in scored)
    performance = reference.performance
    assert performance["roc_auc"].value == pytest.approx(roc_auc_score(labels, scores))
    assert performance["log_loss"].value == pytest.approx(log_loss(labels, scores))
    assert performance["roc_auc"].low < performance["roc_auc"].value < performance["roc_auc"].high
    assert performance["roc_auc"].rows == 1000


def test_scores_are_profiled_on_these_rows_too(reference):
    assert reference.whole.scores is not None
    assert reference.whole.scores.scores.values == 1000
    assert reference.whole.scores.labelled.sum() == 1000


def test_windows_have_metrics_only_where_enough_is_known(reference):
    assert not reference.windows[0].metrics  # trained on
    assert not reference.windows[100].metrics  # 24 rows a day are fewer than window.min_rows


def test_a_monthly_window_has_its_own_metrics(reference_rows, scored):
    from .conftest import a_spec

    scores, labels = scored
    monthly = build_reference(a_spec(window="month"), reference_rows, scores=scores, labels=labels)
    inside = (reference_rows["day"].dt.month == 2).to_numpy()
    assert monthly.windows[1].metrics["roc_auc"] == pytest.approx(roc_auc_score(labels[inside], scores[inside]))
    assert monthly.windows[1].window == Window("2026-02-01", "2026-03-01")


def test_the_schema_is_kept(reference):
    assert reference.schema["age"] == ColumnType.NUMBER
    assert next(iter(reference.schema)) == "day"


def test_a_reference_survives_its_file(reference, tmp_path):
    path = tmp_path / "reference.json.gz"
    reference.save(path)
    loaded = Reference.load(path)
    assert loaded.to_json() == reference.to_json()
    assert loaded.performance == reference.performance
    assert loaded.edges.id == reference.edges.id
    first = path.read_bytes()
    loaded.save(path)
    assert path.read_bytes() == first


@pytest.mark.parametrize("content", [b"", b"no gzip"])
def test_a_file_that_is_no_reference_is_an_error(tmp_path, content):
    (tmp_path / "reference.json.gz").write_bytes(content)
    with pytest.raises(ProfileError, match=r"holds no reference: .* Refresh the reference"):
        Reference.load(tmp_path / "reference.json.gz")


def test_another_format_is_refused(reference):
    with pytest.raises(ProfileError, match="has format 99, this version reads 1"):
        Reference.from_json({**reference.to_json(), "format_version": 99})


def test_new_profiles_are_read_with_the_edges_of_the_reference(reference, reference_rows):
    profile = build_profile(reference.edges, reference_rows.head(10))
    plain = json.loads(json.dumps(profile.to_json(edges=False)))
    assert Profile.from_json(plain, reference.edges).to_json() == profile.to_json()


def test_a_single_row_is_a_reference(spec, reference_rows):
    single = build_reference(spec, reference_rows.head(1), scores=np.array([0.5]), labels=np.array([1.0]))
    assert single.window_rows == (1,)
    assert single.performance == {}
    assert Reference.from_json(json.loads(json.dumps(single.to_json()))).whole.rows == 1


def test_no_rows_are_no_reference(spec, reference_rows):
    with pytest.raises(SourceError, match="The reference has no rows"):
        build_reference(spec, reference_rows.head(0))


def test_without_labels_there_is_no_performance(spec, reference_rows, scored):
    assert build_reference(spec, reference_rows, scores=scored[0]).performance == {}
    unknown = np.full(len(reference_rows), np.nan)
    assert build_reference(spec, reference_rows, scores=scored[0], labels=unknown).performance == {}


def test_several_classes_are_profiled_by_their_highest_probability(reference_rows):
    from .conftest import a_spec

    scores = np.random.default_rng(0).dirichlet([1, 1, 1], len(reference_rows))
    labels = scores.argmax(axis=1).astype(float)
    reference = build_reference(a_spec(task="multiclass"), reference_rows, scores=scores, labels=labels)
    assert reference.performance["accuracy"].value == 1
    assert reference.whole.scores is not None
    assert reference.whole.scores.scores.minimum == pytest.approx(scores.max(axis=1).min())


def test_real_bookings_have_26_months(hotel_rows):
    from .conftest import hotel_spec

    reference = build_reference(hotel_spec(), hotel_rows)
    # Counted with `zcat hotel_bookings.csv.gz | cut -d, -f2 | cut -c1-7 | sort | uniq -c`.
    assert len(reference.windows) == 26
    assert reference.window_rows[:3] == (2776, 3889, 5114)
    assert sum(reference.window_rows) == reference.whole.rows == 119_390
    assert reference.whole.columns["adr"].maximum == 5400
    assert reference.whole.columns["children"].nulls == 4


def test_a_category_that_holds_lists_hides_no_other(spec, reference_rows):
    lists = reference_rows["plan"].astype(object)
    lists.iloc[-3:] = [["basic"], ["pro", "max"], {"plan": "max"}]
    nested = build_reference(spec, reference_rows.assign(plan=lists))
    plain = build_reference(spec, reference_rows)
    assert nested.whole.columns["plan"].rows == len(reference_rows)
    assert nested.whole.columns["tier"].counts.tolist() == plain.whole.columns["tier"].counts.tolist()


def test_no_column_in_common_is_a_profile_of_nulls(reference):
    profile = build_profile(reference.edges, pd.DataFrame({"other": [1, 2]}))
    assert profile.missing == frozenset(reference.edges.columns)
    assert profile.rows == 2
