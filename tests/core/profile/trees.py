"""Trees of JSON that are compared number by number."""

import pytest


def close(actual, other, where=""):
    """Assert that two JSON trees are equal, floats up to summation order."""
    if isinstance(actual, dict):
        assert actual.keys() == other.keys(), where
        for key in actual:
            close(actual[key], other[key], f"{where}/{key}")
    elif isinstance(actual, list):
        assert len(actual) == len(other), where
        for at, (left, right) in enumerate(zip(actual, other, strict=True)):
            close(left, right, f"{where}[{at}]")
    elif isinstance(actual, float) or isinstance(other, float):
        assert actual == pytest.approx(other, rel=1e-9, abs=1e-7), where
    else:
        assert actual == other, where
