import json

import pytest

from airmedic_core.profile import (
    Edges,
    Profile,
    ProfileError,
    build_profile,
    empty_profile,
    profile_from_arrow,
    profile_to_arrow,
)
from airmedic_core.windows import Window


@pytest.fixture(scope="module")
def profile(edges, reference_rows):
    rows = reference_rows.assign(score=0.5, loss=0.1)
    window = Window("2026-01-01", "2026-05-06")
    return build_profile(edges, rows, score="score", label="left", loss="loss", window=window)


def test_a_profile_survives_json(profile):
    plain = json.loads(json.dumps(profile.to_json(), allow_nan=False))
    assert Profile.from_json(plain).to_json() == profile.to_json()


def test_a_profile_survives_arrow_and_its_files(profile, tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(profile_to_arrow(profile), tmp_path / "profile.parquet")
    assert profile_from_arrow(pq.read_table(tmp_path / "profile.parquet")).to_json() == profile.to_json()


def test_the_arrow_form_adds_up(profile, reference_rows):
    table = profile_to_arrow(profile).to_pandas()
    age, plan = (table[table["column"] == name] for name in ("age", "plan"))
    assert age["rows"].sum() == reference_rows["age"].notna().sum()
    assert age["total"].sum() == pytest.approx(reference_rows["age"].sum())
    assert dict(zip(plan["name"], plan["rows"], strict=True)) == reference_rows["plan"].value_counts().to_dict()


def test_an_empty_profile_survives_both(edges):
    empty = empty_profile(edges)
    assert Profile.from_json(json.loads(json.dumps(empty.to_json()))).to_json() == empty.to_json()
    assert profile_from_arrow(profile_to_arrow(empty)).rows == 0


def test_edges_survive_json(edges):
    again = Edges.from_json(json.loads(json.dumps(edges.to_json())))
    assert again.id == edges.id
    assert empty_profile(again).merge(empty_profile(edges)).rows == 0


def test_what_does_not_fit_is_refused(profile, edges):
    plain = profile.to_json(edges=False)
    with pytest.raises(ProfileError, match="was stored without edges"):
        Profile.from_json(plain)
    with pytest.raises(ProfileError, match="was built on other edges"):
        Profile.from_json(plain, Edges({}, {}))
    with pytest.raises(ProfileError, match="has format 2, this version reads 1"):
        Profile.from_json({**plain, "format_version": 2}, edges)


def test_a_table_without_a_profile_is_refused(profile):
    with pytest.raises(ProfileError, match="The table holds no profile"):
        profile_from_arrow(profile_to_arrow(profile).replace_schema_metadata())
