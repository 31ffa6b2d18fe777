"""The contract tests of all families: ours run them, and a team runs them over its own members in one line.

In a test file of the package that offers the check ``negatives``::

    from airmedic.testing import contract_tests

    test_negatives = contract_tests("checks", "negatives")

pytest runs one test for each promise of the contract, against a generated production with a real ledger and a real
MLflow store. Airflow is not needed.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from airmedic.testing.setting import Arrangement, Setting
from airmedic_core.errors import SpecError, closest
from airmedic_core.extensions import FAMILIES
from airmedic_core.family import Family, family_of

__all__ = ["Arrangement", "Setting", "contract_tests", "promises_of"]


def contract_tests(family: str, *names: str, arrange: Arrangement | None = None) -> Callable[..., None]:
    """Return a test for pytest that holds members of a family to all that their contract promises.

    Give it a name that pytest collects, such as ``test_contract``.

    Parameters
    ----------
    family : str
        ``actions``, ``changes``, ``checks``, ``collectors``, ``flavours``, ``notifiers``, ``rollout`` or ``sources``.
    names : str
        The members' names; all that come with Airmedic where none is given.
    arrange : Arrangement, optional
        What the members need beyond the generated production.

    Returns
    -------
    callable
        One test for each member and promise.

    Raises
    ------
    SpecError
        If there is no such family.
    """
    members = _family(family)
    arranged = arrange or Arrangement()

    @pytest.mark.parametrize("promise", promises_of(family), ids=lambda promise: promise.__name__)
    @pytest.mark.parametrize("name", names or members.ours())
    def test_contract(name: str, promise: Callable[[Any, Setting], None], tmp_path: Path) -> None:
        promise(members.member(name), Setting(name, tmp_path, arranged))

    tests: Callable[..., None] = test_contract
    return tests


def promises_of(family: str) -> tuple[Callable[[Any, Setting], None], ...]:
    """Return what each member of a family promises: functions that take a member and a setting, and assert."""
    _family(family)
    promises: tuple[Callable[[Any, Setting], None], ...] = import_module(f"airmedic.testing.{family}").PROMISES
    return promises


def _family(kind: str) -> Family[Any]:
    families = {package.rpartition(".")[2]: package for package in FAMILIES}
    if kind not in families:
        raise SpecError(f"There is no family {kind!r}.", closest(kind, families))
    return family_of(families[kind])
