from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from airmedic_core.training.adopt import adopt
from tests.core.actions.damaged_day import Fault, Held, decided, in_cents, incident_in
from tests.core.renewals import copy_of, renewals, workspace


@pytest.fixture(scope="session")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A champion of January, on rows of which nothing is wrong."""
    folder = tmp_path_factory.mktemp("adopted")
    adopt(workspace(folder, renewals(days=50)), by="anna")
    return folder


@pytest.fixture(scope="session")
def productions(adopted: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Fault], tuple[Path, Held]]:
    """Productions up to the decision, made once for each fault: what comes after it is what is tested."""

    @cache
    def make(fault: Fault) -> tuple[Path, Held]:
        folder = tmp_path_factory.mktemp("held")
        ws = copy_of(adopted, folder)
        incident = incident_in(ws, fault)
        return folder, Held(ws, incident, decided(ws, incident))

    return make


@pytest.fixture
def held_with(productions: Callable[[Fault], tuple[Path, Held]], tmp_path: Path) -> Callable[[Fault], Held]:
    def copied(fault: Fault) -> Held:
        folder, made = productions(fault)
        return made._replace(ws=copy_of(folder, tmp_path))

    return copied


@pytest.fixture
def held(held_with: Callable[[Fault], Held]) -> Held:
    return held_with(in_cents)
