"""What every check must offer."""

import pytest
from pydantic import BaseModel

from airmedic_core.checks import CHECKS, GROUPS, options_for
from airmedic_core.errors import SpecError
from airmedic_core.spec import parse_spec

MINIMAL = {"name": "m", "task": "binary", "target": "y", "data": {"path": "x.csv", "time_column": "t"}}


@pytest.mark.parametrize("name", CHECKS.names())
def test_a_check_has_a_group_and_documented_options_and_runs(name):
    check = CHECKS.member(name)
    assert check.group in GROUPS
    assert issubclass(check.options, BaseModel)
    assert check.options.__doc__
    assert callable(check.run)


@pytest.mark.parametrize("name", CHECKS.names())
def test_defaults_are_valid(name):
    assert options_for(parse_spec(MINIMAL), name)


def test_an_unknown_option_names_the_closest():
    spec = parse_spec({**MINIMAL, "checks": {"drift": {"least_efect": 0.2}}})
    with pytest.raises(SpecError, match="least_effect"):
        options_for(spec, "drift")


def test_a_value_out_of_range_is_refused():
    spec = parse_spec({**MINIMAL, "checks": {"volume": {"lowest_fraction": 3}}})
    with pytest.raises(SpecError, match="lowest_fraction"):
        options_for(spec, "volume")
