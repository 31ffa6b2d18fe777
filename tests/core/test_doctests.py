"""The examples in docstrings of checks and statistics say what the code does."""

import doctest
from importlib import import_module
from inspect import isfunction
from pkgutil import walk_packages
from types import ModuleType

import pytest

from airmedic_core.checks import CHECKS

PACKAGES = ("assess", "causes", "checks", "comparison", "measures", "metrics", "profile", "verdicts")


def _modules() -> list[str]:
    names = []
    for package in PACKAGES:
        module = import_module(f"airmedic_core.{package}")
        names += [module.__name__]
        names += [info.name for info in walk_packages(module.__path__, f"{module.__name__}.")]
    return names


def _examples(module: ModuleType) -> list[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder().find(module) if test.examples]


STATISTICS = [
    *(name for name in _modules() if name.startswith("airmedic_core.verdicts.")),
    "airmedic_core.profile.statistics",
]


@pytest.mark.parametrize("name", _modules())
def test_the_examples_of_a_module_hold(name: str) -> None:
    module = import_module(name)
    results = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert results.failed == 0
    assert results.attempted == sum(len(test.examples) for test in _examples(module))


@pytest.mark.parametrize("name", STATISTICS)
def test_a_statistic_has_an_example(name: str) -> None:
    module = import_module(name)
    of_module = {example.name.removeprefix(f"{name}.") for example in _examples(module)}
    functions = {
        key for key, value in vars(module).items() if isfunction(value) and value.__module__ == name and key[0] != "_"
    }
    assert of_module
    assert functions - of_module == set()


@pytest.mark.parametrize("name", CHECKS.ours())
def test_a_check_has_an_example(name: str) -> None:
    assert ">>>" in (type(CHECKS.member(name)).__doc__ or "")
