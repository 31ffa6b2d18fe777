"""Distances from profiles, against scipy on the raw values, published formulas and hand computation."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import distance

from airmedic_core.profile import (
    CategoricalProfile,
    ProfileError,
    TimeProfile,
    jensen_shannon,
    ks,
    psi,
    wasserstein,
    wasserstein_normalised,
)
from airmedic_core.profile.edges import cut_points
from airmedic_core.profile.from_values import numeric_profile
from airmedic_core.profile.statistics import category_shares, coarse_shares

ROWS = 20_000


def draw(name, seed, size=ROWS):
    generator = np.random.default_rng(seed)
    return {
        "normal": lambda: generator.normal(0, 1, size),
        "lognormal": lambda: generator.lognormal(0, 1, size),
        "poisson": lambda: generator.poisson(3, size).astype(float),
        "uniform": lambda: generator.uniform(5, 6, size),
        "zeros": lambda: np.where(generator.random(size) < 0.8, 0, generator.exponential(10, size)),
        "cauchy": lambda: generator.standard_cauchy(size).clip(-1e4, 1e4),
    }[name]()


CHANGES = {
    "none": lambda values: values,
    "shift": lambda values: values + 0.3 * values.std(),
    "far": lambda values: values + 50 * values.std(),
    "scale": lambda values: values * 1.4,
    "flip": lambda values: -values,
    "mixture": lambda values: np.where(np.arange(len(values)) % 10 == 0, values + 3 * values.std(), values),
    "constant": lambda values: np.full(len(values), np.median(values)),
}
CASES = [(name, change) for name in ("normal", "lognormal", "poisson", "uniform", "zeros") for change in CHANGES]


def pair(reference, current):
    cuts = cut_points(reference)
    return numeric_profile(cuts, reference), numeric_profile(cuts, current)


def categories(**counts):
    other, unseen = counts.pop("other", 0), counts.pop("unseen", 0)
    values = np.array(list(counts.values()))
    return CategoricalProfile(tuple(counts), int(values.sum()) + other + unseen, 0, values, other, unseen)


@pytest.mark.parametrize(("name", "change"), CASES)
def test_wasserstein_is_that_of_the_raw_values(name, change):
    reference, current = draw(name, 0), CHANGES[change](draw(name, 1))
    exact = stats.wasserstein_distance(reference, current) / reference.std()
    assert wasserstein_normalised(*pair(reference, current)) == pytest.approx(exact, abs=1e-3)


@pytest.mark.parametrize(("name", "change"), CASES)
def test_ks_is_that_of_the_raw_values_up_to_a_bin(name, change):
    reference, current = draw(name, 0), CHANGES[change](draw(name, 1))
    exact = stats.ks_2samp(reference, current).statistic
    distance = ks(*pair(reference, current))
    assert distance <= exact + 1e-12
    assert distance == pytest.approx(exact, abs=1 / 120)


def test_ks_is_exact_for_columns_of_few_values():
    reference, current = draw("poisson", 0), draw("poisson", 1) + 1
    assert ks(*pair(reference, current)) == pytest.approx(stats.ks_2samp(reference, current).statistic, abs=1e-12)


@pytest.mark.parametrize(("name", "change"), CASES)
def test_jensen_shannon_is_scipy_s_on_the_same_bins(name, change):
    first, second = pair(draw(name, 0), CHANGES[change](draw(name, 1)))
    shares = coarse_shares(first, second)
    assert shares is not None
    assert jensen_shannon(first, second) == pytest.approx(distance.jensenshannon(*shares, base=2), abs=1e-9)


@pytest.mark.parametrize("name", ["normal", "lognormal", "uniform"])
def test_coarse_bins_have_equal_reference_mass(name):
    shares = coarse_shares(*pair(draw(name, 0), draw(name, 1)))
    assert shares is not None
    np.testing.assert_allclose(shares[0], 0.1, atol=1e-3)


def test_psi_of_two_categories_is_that_computed_by_hand():
    # (0.7 - 0.5) ln(0.7 / 0.5) + (0.3 - 0.5) ln(0.3 / 0.5) = 0.2 (0.336472 + 0.510826)
    assert psi(categories(a=50, b=50), categories(a=70, b=30)) == pytest.approx(0.1694596, abs=1e-6)


def test_psi_of_a_shift_by_one_sd_is_near_its_expectation():
    # For two unit normals one apart, the symmetric Kullback-Leibler divergence is exactly 1; ten bins lose some of it.
    reference = stats.norm.ppf((np.arange(ROWS) + 0.5) / ROWS)
    distance = psi(*pair(reference, reference + 1))
    assert 0.8 < distance < 1.0
    assert psi(*pair(reference, reference + 1), bins=100) == pytest.approx(1, abs=0.05)


def test_psi_sees_a_pure_shift_because_both_sides_share_their_bins():
    reference = draw("normal", 0)
    assert psi(*pair(reference, reference + reference.std())) > 0.5


def test_one_outlier_hides_no_shift():
    reference, current = draw("normal", 0), draw("normal", 1) + 1
    spoiled = np.append(current, 1e9)
    first, second = (psi(*pair(reference, values)) for values in (current, spoiled))
    assert second == pytest.approx(first, rel=0.01)


def test_unseen_categories_count():
    reference, current = categories(a=50, b=50), categories(a=40, b=40, unseen=20)
    assert psi(reference, current) > 1
    assert category_shares(current).tolist() == [0.4, 0.4, 0.0, 0.2]


@pytest.mark.parametrize("statistic", [psi, jensen_shannon, ks, wasserstein, wasserstein_normalised])
def test_without_values_nothing_is_known(statistic):
    first, second = pair(draw("normal", 0), np.full(10, np.nan))
    assert np.isnan(statistic(first, second))
    assert np.isnan(statistic(second, first))


@pytest.mark.parametrize("statistic", [psi, jensen_shannon, ks, wasserstein, wasserstein_normalised])
def test_equal_columns_have_no_distance(statistic):
    first, _ = pair(draw("zeros", 0), draw("zeros", 1))
    assert statistic(first, first) == pytest.approx(0, abs=1e-12)


def test_a_constant_reference_is_either_kept_or_left():
    constant = np.full(100, 3.0)
    assert wasserstein_normalised(*pair(constant, constant)) == 0
    assert wasserstein_normalised(*pair(constant, constant + 1)) == np.inf
    assert wasserstein(*pair(constant, constant + 1)) == pytest.approx(1)
    assert ks(*pair(constant, constant + 1)) == 1


def test_columns_that_do_not_fit_are_refused():
    first, _ = pair(draw("normal", 0), draw("normal", 1))
    other, _ = pair(draw("uniform", 0), draw("uniform", 1))
    with pytest.raises(ProfileError, match="have different edges"):
        psi(first, other)
    with pytest.raises(ProfileError, match="Only two numeric or two categorical"):
        psi(first, categories(a=1))
    with pytest.raises(ProfileError, match="Only two numeric or two categorical"):
        psi(TimeProfile(1, 0), TimeProfile(1, 0))
