import pandas as pd
import pytest

from tests.core.checks.shops import DAYS, rows


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    """The orders of the shops, unless a file has rows of its own."""
    return rows(1, DAYS)


@pytest.fixture
def today() -> pd.DataFrame:
    return rows(2, 1, DAYS)
