"""The distance of two samples, against SciPy's."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from airmedic_core.verdicts.two_samples import ks_distance


@pytest.mark.parametrize("decimals", [1, 8], ids=["with ties", "without ties"])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 500), (400, 250)])
def test_the_distance_is_scipys(sizes, decimals):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=sizes[0]).round(decimals), rng.normal(0.5, 2.0, size=sizes[1]).round(decimals)
    assert ks_distance(first, second) == pytest.approx(ks_2samp(first, second).statistic, abs=1e-12)
