"""Says where the expectations of a model come from: the team's file, the spec, or a proposal from the reference."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import SpecError, closest
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.settings import Settings
    from airmedic_core.spec import ModelSpec

_FORM = 'It holds {"expectations": [{"type": …, "kwargs": {…}}]}.'


@dataclass(frozen=True)
class Suite:
    """Expectations that a window is held against."""

    name: str
    """Says what messages call it."""
    content: Json
    """``{"expectations": [{"type": …, "kwargs": {…}}, …]}``."""
    own: bool
    """Says whether the team stands behind it."""


def suites_for(context: CheckContext, *, propose: bool) -> list[Suite]:
    """Return the suites of a model that are not empty.

    An expectation of the spec replaces the one of the same type on the same column.

    Parameters
    ----------
    context : CheckContext
        The window.
    propose : bool
        Whether the reference proposes a suite where the team has none.

    Raises
    ------
    SpecError
        If the suite that the spec names does not exist, or cannot be read. A retry does not help.
    """
    from airmedic_core.checks.quality.proposed_suite import propose_suite

    own = [expectation.model_dump() for expectation in context.spec.quality.expectations.values()]
    replaced = {_identity(expectation) for expectation in own}
    path = None if context.settings is None else suite_file(context.spec, context.settings)
    if path is not None:
        name, content = path.name, read_suite(path)
    elif propose and context.settings is not None:
        name, content = "the suite proposed from the reference", propose_suite(context.reference)
    else:
        name, content = "", {"expectations": []}
    left = [expectation for expectation in content["expectations"] if _identity(expectation) not in replaced]
    suites = [
        Suite(name, {**content, "expectations": left}, path is not None),
        Suite("the spec", {"expectations": own}, True),
    ]
    return [suite for suite in suites if suite.content["expectations"]]


def suite_file(spec: ModelSpec, settings: Settings) -> Path | None:
    """Return the file of a model's own suite, if there is one.

    Raises
    ------
    SpecError
        If the spec names a suite that does not exist. A retry does not help.
    """
    folder = settings.content / "expectations"
    named = spec.quality.suite
    path = folder / (named or f"{spec.name}.json")
    if path.is_file():
        return path
    if named:
        known = [file.name for file in folder.glob("*.json")]
        raise SpecError(f"There is no expectation suite {named!r} in {folder.name}/.", closest(named, known))
    return None


def read_suite(path: Path) -> Json:
    """Read a suite in the form that Great Expectations exports.

    Raises
    ------
    SpecError
        If the file is not such a suite. A retry does not help.
    """
    try:
        suite = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(f"{path.name} cannot be read as JSON: {error}.", _FORM) from error
    listed = suite.get("expectations") if isinstance(suite, dict) else None
    if not isinstance(listed, list):
        raise SpecError(f"{path.name} holds no list of expectations.", _FORM)
    return {**suite, "expectations": [_expectation(path, place, raw) for place, raw in enumerate(listed, start=1)]}


def _expectation(path: Path, place: int, raw: Any) -> Json:
    # Until its version 1, Great Expectations wrote expectation_type.
    kind = (raw.get("type") or raw.get("expectation_type")) if isinstance(raw, dict) else None
    if not isinstance(kind, str) or not isinstance(raw.get("kwargs"), dict):
        raise SpecError(f"{path.name}: expectation {place} lacks its type or its kwargs.", _FORM)
    return {**raw, "type": kind}


def _identity(expectation: Json) -> tuple[str, str]:
    return str(expectation["type"]), str(expectation["kwargs"].get("column", "batch"))
