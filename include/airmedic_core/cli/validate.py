"""Check model specs, the options of their checks and the policy they name.

Exit code 0: all are valid. 1: at least one is not. With --data the columns of the newest rows are compared too.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

SUMMARY = "check model specs"

if TYPE_CHECKING:
    from airmedic_core.settings import Settings
    from airmedic_core.spec import ModelSpec


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("specs", nargs="*", type=Path, help="spec files (default: all of the content folder)")
    parser.add_argument("--data", action="store_true", help="also read the data and compare their columns")


def run(args: argparse.Namespace) -> int:
    """Validate."""
    from airmedic_core.cli._terminal import judged
    from airmedic_core.settings import Settings
    from airmedic_core.spec import spec_files

    settings = Settings.from_env()
    files = args.specs or list(spec_files(settings.models))
    if not files:
        judged("failed", f"{settings.models} holds no specs. Write one with 'airmedic init'.")
        return 1
    broken = 0
    for path in files:
        problems = spec_problems(path, settings, data=args.data)
        broken += bool(problems)
        judged("failed" if problems else "ok", path.name)
        for problem in problems:
            judged(" ", problem)
    return 1 if broken else 0


def spec_problems(path: Path, settings: Settings, *, data: bool = False) -> list[str]:
    """Return what is wrong with a spec and with what it names; empty if nothing is.

    Parameters
    ----------
    path : Path
        The spec.
    settings : Settings
        Where policies and expectation suites are.
    data : bool
        Whether to read the data.
    """
    from airmedic_core.errors import AirmedicError
    from airmedic_core.spec import load_spec

    try:
        spec = load_spec(path)
    except AirmedicError as error:
        return [str(error)]
    problems = (
        [] if path.stem == spec.name else [f"The file is called {path.name}, the model {spec.name!r}: rename one."]
    )
    for look in (_check_options, _policy, _suite, *([_columns] if data else [])):
        try:
            problems += look(spec, settings)
        except AirmedicError as error:
            problems.append(str(error))
    return problems


def _check_options(spec: ModelSpec, _: Settings) -> list[str]:
    from airmedic_core.checks import options_for
    from airmedic_core.errors import AirmedicError

    problems = []
    for name, options in spec.checks.items():
        if options is not False:
            try:
                options_for(spec, name)
            except AirmedicError as error:
                problems.append(str(error))
    return problems


def _policy(spec: ModelSpec, settings: Settings) -> list[str]:
    from airmedic_core.decide.policy import load_policy

    load_policy(settings.policies, spec.policy)
    return []


def _suite(spec: ModelSpec, settings: Settings) -> list[str]:
    from airmedic_core.checks.quality import read_suite, suite_file

    path = suite_file(spec, settings)
    if path is None:
        return []
    suite = read_suite(path)
    # Imported only where there is a suite: it takes seconds.
    from airmedic_core.checks._expectations import build_expectations

    build_expectations(suite, path.name)
    return []


def _columns(spec: ModelSpec, _: Settings) -> list[str]:
    from airmedic_core.errors import closest
    from airmedic_core.profile.features import choose_features
    from airmedic_core.sources import read_window

    frame = read_window(spec, spec.reference.window if spec.reference else None)
    known = [str(name) for name in frame.columns]
    named = {"target": [spec.target], "segments": spec.segments, "exclude": spec.exclude, "private": spec.private}
    named |= {"label_time_column": [spec.label_time_column], "entity_column": [spec.entity_column]}
    problems = [
        f"{key}: the data have no column {name!r}. {closest(name, known)}"
        for key, names in named.items()
        for name in names
        if name and name not in known
    ]
    choose_features(spec, frame)
    return problems
