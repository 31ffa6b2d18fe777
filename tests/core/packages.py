"""Small packages that are installed for one test: a module, and the metadata of a distribution beside it."""

from __future__ import annotations

import importlib
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from airmedic_core import family
from airmedic_core.extensions import FAMILIES
from airmedic_core.family import family_of

Install = Callable[..., None]
"""``install(package, source, {group: {name: place}})``."""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install packages in a folder of their own, which is the first on the path."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    modules = []

    def install(package: str, source: str, offers: Mapping[str, Mapping[str, str]]) -> None:
        modules.append(put(site, package, source, offers))

    yield install
    for module in modules:
        sys.modules.pop(module, None)
    forget()


def put(site: Path, package: str, source: str, offers: Mapping[str, Mapping[str, str]]) -> str:
    """Install a package in a folder that is on the path, and return the name of its module."""
    module = re.sub(r"\W", "_", package)
    (site / f"{module}.py").write_text(textwrap.dedent(source), encoding="utf-8")
    metadata = site / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    lines = [
        line
        for group, members in offers.items()
        for line in (f"[{group}]", *(f"{name} = {place}" for name, place in members.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    importlib.invalidate_caches()
    forget()
    return module


def forget() -> None:
    """Forget which packages were installed, as a process that starts anew does."""
    for known in (family._entries, family._offered):
        known.cache_clear()
    for package in FAMILIES:
        offered = family_of(package)
        for name in set(offered._members) - set(offered.ours()):
            del offered._members[name]
