"""What every check must offer."""

from types import SimpleNamespace

import pytest
from pydantic import BaseModel

from airmedic_core.checks import CHECKS, GROUPS, options_for, run_group, running
from airmedic_core.errors import SpecError
from airmedic_core.spec import parse_spec
from tests.core.packages import Install

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


def test_a_check_of_a_package_runs_only_for_the_models_that_name_it(install: Install) -> None:
    source = """
        from airmedic_core.checks import CheckOptions

        class Nothing:
            group = "data"
            options = CheckOptions

            def run(self, context, options):
                return []
    """
    install("acme-checks", source, {"airmedic.checks": {"nothing": "acme_checks:Nothing"}})
    assert running(parse_spec(MINIMAL)) == CHECKS.ours()
    assert set(running(parse_spec({**MINIMAL, "checks": {"nothing": True}}))) == {*CHECKS.ours(), "nothing"}
    assert running(parse_spec({**MINIMAL, "checks": {"nothing": False}})) == CHECKS.ours()
    assert "drift" not in running(parse_spec({**MINIMAL, "checks": {"drift": False}}))


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ('[Finding("drift", "x", "psi", Verdict.OK)]', "it returned 'drift:x:psi', a finding of the check 'drift'"),
        ('[Finding("odd", "x", "psi", Verdict.OK)] * 2', "it returned 'odd:x:psi' more than once"),
        ("None", "TypeError"),
    ],
)
def test_what_a_check_may_not_return_is_a_failed_check_and_hides_no_other(
    install: Install, returned: str, told: str
) -> None:
    source = f"""
        from airmedic_core.checks import CheckOptions
        from airmedic_core.records import Finding, Verdict

        class Odd:
            group = "performance"
            options = CheckOptions

            def run(self, context, options):
                return {returned}
    """
    install("acme-checks", source, {"airmedic.checks": {"odd": "acme_checks:Odd"}})
    off = dict.fromkeys(CHECKS.ours(), False)
    spec = parse_spec({**MINIMAL, "checks": {**off, "odd": True}})
    batch = SimpleNamespace(id="m__1", window=SimpleNamespace(key="1"))
    (finding,) = run_group(SimpleNamespace(spec=spec, batch=batch), "performance")
    assert (finding.key, finding.verdict) == ("odd:batch:error", "unknown")
    assert told in finding.message
