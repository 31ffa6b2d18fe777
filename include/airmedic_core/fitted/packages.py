"""The packages that a model wants, beside those that are installed.

MLflow keeps with each model the versions of the libraries that it was made with. A model that was pickled loads with
those versions, and with others perhaps, or differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

_USUAL = ("scikit-learn", "numpy", "pandas", "cloudpickle")
"""Says what every model that Airmedic fits is made with."""
_NEVER_NAMED = frozenset({"mlflow", "mlflow-skinny"})
"""MLflow reads the models of its other versions: a difference is no reason to do anything."""
_NAMED_ANYWAY = frozenset({"sklearn", "numpy", "pandas", "cloudpickle", "builtins", "__main__", "airmedic_core"})
_SHOWN = 5
"""Packages that are named in a sentence."""
REQUIREMENTS = "requirements.txt"
"""Says where a model's folder lists the packages it wants."""


@dataclass(frozen=True)
class PackageGap:
    """A package that is not installed as a model wants it."""

    name: str
    wanted: str
    """``==1.4.2``; empty where any version will do."""
    installed: str
    """Empty where it is not installed."""

    def __str__(self) -> str:
        wanted = f"{self.name}{self.wanted}"
        return f"{wanted} ({self.installed} is installed)" if self.installed else f"{wanted} (not installed)"


def package_gaps(requirements: str) -> tuple[PackageGap, ...]:
    """Return what is missing or of another version.

    Parameters
    ----------
    requirements : str
        The lines of a model's ``requirements.txt``. Lines that are no requirement of a package are passed over.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    gaps = []
    for line in requirements.splitlines():
        try:
            requirement = Requirement(line.partition("#")[0].strip())
        except InvalidRequirement:
            continue
        if requirement.name in _NEVER_NAMED or (requirement.marker and not requirement.marker.evaluate()):
            continue
        installed = _installed(requirement.name)
        if not installed or not requirement.specifier.contains(installed, prereleases=True):
            gaps.append(PackageGap(requirement.name, str(requirement.specifier), installed))
    return tuple(gaps)


def missing_packages(folder: Path) -> tuple[PackageGap, ...]:
    """Return the gaps of a model in a folder that MLflow wrote; none where it lists no packages."""
    path = folder / REQUIREMENTS
    return package_gaps(path.read_text(encoding="utf-8")) if path.is_file() else ()


def packages_told(gaps: Sequence[PackageGap]) -> tuple[str, str]:
    """Return in a sentence what a model wants and what is installed, and what to do; empty where nothing is amiss.

    >>> packages_told([PackageGap("scikit-learn", "==1.2.0", "1.9.1")])[0]
    'It was made with scikit-learn==1.2.0 (1.9.1 is installed).'
    """
    if not gaps:
        return "", ""
    more = f" and {len(gaps) - _SHOWN} more" if len(gaps) > _SHOWN else ""
    wanted = " ".join(f"'{gap.name}{gap.wanted}'" for gap in gaps[:_SHOWN])
    return (
        f"It was made with {', '.join(map(str, gaps[:_SHOWN]))}{more}.",
        f"Install what it wants (pip install {wanted}), or train and register it again with what is installed.",
    )


def requirements_of(estimator: Any, also: Iterable[str] = ()) -> list[str]:
    """Return the packages that an estimator is made with, each in the version that is installed.

    Parameters
    ----------
    estimator : object
        The estimator; what its parameters hold is looked at too.
    also : iterable of str
        Further packages.
    """
    parts = [estimator]
    if hasattr(estimator, "get_params"):
        parts += list(estimator.get_params(deep=True).values())
    # What is kept by its code needs no package.
    named = [part for part in parts if not getattr(type(part), "kept_by_value", False)]
    modules = {type(part).__module__.partition(".")[0] for part in named}
    packages = [*_USUAL, *also, *sorted(name for module in modules for name in _providers(module))]
    return [f"{name}=={version}" for name in dict.fromkeys(packages) if (version := _installed(name))]


def _installed(name: str) -> str:
    """Return the version of a package that is installed, be it under another name; empty where it is not.

    ``xgboost-cpu`` is XGBoost, and brings the module of that name.
    """
    try:
        return installed_version(name)
    except PackageNotFoundError:
        module = name.replace("-", "_").lower()
        return next((installed_version(provider) for provider in _distributions().get(module, ())), "")


def _providers(module: str) -> Sequence[str]:
    """Return the package that brings a module, under the name by which most people know it."""
    from sys import stdlib_module_names

    if module in stdlib_module_names or module in _NAMED_ANYWAY:
        return ()
    return [module if name.startswith(f"{module}-") else name for name in _distributions().get(module, ())[:1]]


@cache
def _distributions() -> Mapping[str, Sequence[str]]:
    from importlib.metadata import packages_distributions

    return packages_distributions()
