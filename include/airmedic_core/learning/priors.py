"""Priors: what is expected of an action before any outcome is known, with the source of each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import yaml
from pydantic import Field, StringConstraints, ValidationError

from airmedic_core.bounded_yaml import parse_yaml, read_yaml
from airmedic_core.causes import Cause
from airmedic_core.errors import SpecError, closest
from airmedic_core.family import listing
from airmedic_core.ledger.overrides import EVERY_MODEL
from airmedic_core.policy import PRIORS
from airmedic_core.spec import Section, explain

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger

LEAST_MEAN, MOST_MEAN = 0.02, 0.98
"""An action that is certain to heal, or never to, would need no outcomes, and could not be taught by them."""

LEAST_WEIGHT, MOST_WEIGHT = 1.0, 50.0
"""A prior that weighs more than 50 outcomes would hold for years: a model has a few incidents of one cause a year."""

_FIRST_PRIOR = 0.8
"""Expected share of incidents that the rules' first choice heals, where nothing is said of it. A convention."""
_PRIOR_STEP = 0.15
"""Sets how much less is expected of each further choice. A convention."""
_LEAST_PRIOR = 0.1
"""States what is expected of a late choice at the least, so that it can still rise."""

_MOST_PROBLEMS = 10
"""Problems of a file that an error names."""


@dataclass(frozen=True)
class Prior:
    """A Beta prior, as a mean and the number of outcomes that it weighs as much as."""

    mean: float
    weight: float
    source: str
    changed_by: str = ""
    """The person who changed it on record; empty for one out of a file."""

    @property
    def alpha(self) -> float:
        """The first parameter of the Beta distribution."""
        return self.mean * self.weight

    @property
    def beta(self) -> float:
        """The second parameter of the Beta distribution."""
        return (1 - self.mean) * self.weight


class Written(Section):
    """One prior as a file gives it."""

    mean: float = Field(ge=LEAST_MEAN, le=MOST_MEAN)
    weight: float | None = Field(default=None, ge=LEAST_WEIGHT, le=MOST_WEIGHT)
    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=300)]


class _File(Section):
    priors: Mapping[str, Mapping[str, Written]]


Table = Mapping[tuple[Cause, str], Written]


@dataclass(frozen=True)
class Priors:
    """The priors that hold, and why some do not."""

    written: Table
    changed: Mapping[tuple[Cause, str], Prior]
    problem: str = ""

    def prior(self, cause: Cause, action: str, *, place: int, weight: float) -> Prior:
        """Return what is expected of an action.

        Parameters
        ----------
        cause : Cause
            The cause.
        action : str
            The action.
        place : int
            Its place among the choices of the rules, from 0 on.
        weight : float
            The policy's ``learning.prior_weight``, for a prior that names none.
        """
        key = (cause, action)
        if key in self.changed:
            return self.changed[key]
        if key in self.written:
            written = self.written[key]
            return Prior(written.mean, written.weight or weight, written.source)
        mean = max(_FIRST_PRIOR - _PRIOR_STEP * place, _LEAST_PRIOR)
        return Prior(mean, weight, f"The place that the rules give it: {place + 1}.")


def built_in() -> Table:
    """Return the priors that come with the package."""
    text = (resources.files("airmedic_core.learning") / "priors.yaml").read_text("utf-8")
    return _read(parse_yaml(text), "priors.yaml of the package")


def load_priors(folder: Path) -> Table:
    """Return the package's priors with a team's own in their place, one by one.

    Parameters
    ----------
    folder : Path
        The content folder's ``policies/``; ``priors.yaml`` in it may be missing.

    Raises
    ------
    SpecError
        If the file cannot be read or is not valid. The message names each problem. A retry does not help.
    """
    path = folder / f"{PRIORS}.yaml"
    try:
        raw = read_yaml(path)
    except FileNotFoundError:
        return built_in()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(f"The priors in {path.name} cannot be read: {error}", "Correct the file.") from error
    return {**built_in(), **_read(raw, path.name)}


def priors_of(ledger: Ledger, folder: Path) -> Priors:
    """Return the priors that hold: those changed on record, a team's own, and the package's.

    Faulty priors of a team stop no remediation: the package's hold then, and the record of each decision says why. A
    changed prior of a cause that is not known is left out, and the record says so too.

    Parameters
    ----------
    ledger : Ledger
        Where changes are on record.
    folder : Path
        The content folder's ``policies/``.
    """
    try:
        written, problem = load_priors(folder), ""
    except SpecError as error:
        written, problem = built_in(), f"The priors of the package hold. {error.problem}"
    changed = {}
    for override in ledger.overrides(EVERY_MODEL, "prior"):
        name, _, action = override.key.partition(".")
        value = override.value
        try:
            cause = Cause(name)
        except ValueError:
            # A version that knew it may have recorded it: that stops no decision.
            problem = f"{problem} The prior of {override.key[:80]!r} does not hold: its cause is not known.".strip()
            continue
        changed[cause, action] = Prior(
            float(value["mean"]), float(value["weight"]), f"{override.author}: {override.reason}", override.author
        )
    return Priors(written, changed, problem)


def _read(raw: object, name: str) -> dict[tuple[Cause, str], Written]:
    if not isinstance(raw, dict):
        raise SpecError(f"The priors in {name} hold no keys.", "Start with priors:.")
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        told = "\n".join(explain(error, _File)[:_MOST_PROBLEMS])
        raise SpecError(f"The priors in {name} are not valid:\n{told}") from error
    causes = [cause.value for cause in Cause]
    actions = listing("airmedic_core.actions", "airmedic.actions")
    read = {}
    for cause, by_action in file.priors.items():
        if cause not in causes:
            raise SpecError(f"The priors in {name} name {cause[:60]!r}, which is no cause.", closest(cause, causes))
        for action, written in by_action.items():
            if action not in actions:
                problem = f"The priors in {name} name {action[:60]!r}, which is not an installed action."
                raise SpecError(problem, closest(action, actions))
            read[Cause(cause), action] = written
    return read
