"""Check model specs, the options of their checks and the policy they name.

With --data the columns of the reference rows and what they hold are compared too, and the function that retrains is
imported. Where there is no folder of policies yet, the default one is not looked at, with a warning. Without names,
specs that use a variable that is not set here are skipped, with a warning. Exit code 0: all that were looked at are
valid. 1: at least one is not.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.terminal.progress import step

if TYPE_CHECKING:
    from airmedic_core.errors import AirmedicError
    from airmedic_core.settings import Settings
    from airmedic_core.spec import ModelSpec

SUMMARY = "check model specs"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("specs", nargs="*", help="spec files, or names in models/ (default: all of them)")
    parser.add_argument("--data", action="store_true", help="also read the data and compare their columns")


def run(args: argparse.Namespace) -> int:
    """Validate."""
    from airmedic_core.policy import MAKE_POLICIES
    from airmedic_core.settings import Settings
    from airmedic_core.spec import spec_files
    from airmedic_core.terminal.arguments import spec_file
    from airmedic_core.terminal.output import judged

    settings = Settings.from_env()
    files = [spec_file(spec) for spec in args.specs] or list(spec_files(settings.models))
    if not files:
        judged("failed", f"{settings.models} holds no specs. Write one with 'airmedic init'.")
        return 1
    broken = 0
    for number, path in enumerate(files, start=1):
        step(f"looks at {path.name}", number, len(files))
        if not args.specs and (unset := unset_variable(path)):
            judged("warning", f"{path.name} is skipped: not usable here")
            judged(" ", str(unset))
            continue
        problems = spec_problems(path, settings, data=args.data)
        broken += bool(problems)
        judged("failed" if problems else "ok", path.name)
        for problem in problems:
            judged(" ", problem.replace("\n", "\n   "))
        for remark in [] if problems else [*policy_remarks(path, settings), *approver_remarks(path, settings)]:
            judged("warning", remark)
    if not broken and not settings.policies.is_dir():
        judged("warning", f"There is no folder {str(settings.policies)!r}, so no policy was looked at.")
        judged(" ", f"Checks need none. {MAKE_POLICIES}")
    return 1 if broken else 0


def unset_variable(path: Path) -> AirmedicError | None:
    """Return the error of a spec that uses a variable of the environment that is not set, else nothing."""
    from airmedic_core.errors import AirmedicError, UnsetVariableError
    from airmedic_core.spec import load_spec

    try:
        load_spec(path)
    except UnsetVariableError as error:
        return error
    except AirmedicError:
        return None
    return None


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
        return ["\n".join(filter(None, (error.problem, error.hint)))]
    problems = (
        [] if path.stem == spec.name else [f"The file is called {path.name}, the model {spec.name!r}: rename one."]
    )
    looks = [_check_options, _notify_options, _rollout, _watcher, _policy, _groups, _priors, _suite, _metric]
    looks += [_positive, _method, _lags]
    if data:
        from airmedic_core.spec_inference import data_problems

        looks.append(lambda spec, _: data_problems(spec))
    for look in looks:
        try:
            problems += look(spec, settings)
        except AirmedicError as error:
            problems.append(str(error))
    return problems


def policy_remarks(path: Path, settings: Settings) -> list[str]:
    """Return what may be a mistake in the policy of a valid spec; empty where there is no folder of policies."""
    from airmedic_core.policy import load_policy
    from airmedic_core.spec import load_spec

    return load_policy(settings.policies, load_spec(path).policy).remarks() if settings.policies.is_dir() else []


def approver_remarks(path: Path, settings: Settings) -> list[str]:
    """Return which approvers of a valid spec Airflow cannot tell from others; empty where it can.

    Parameters
    ----------
    path : Path
        The spec.
    settings : Settings
        Where the groups are.
    """
    from airmedic_core.airflow_settings import setting
    from airmedic_core.groups import is_id, load_groups
    from airmedic_core.spec import load_spec

    manager = setting("core", "auth_manager", "").rpartition(".")[2]
    # The simple one takes the names themselves for ids.
    if manager in {"", "SimpleAuthManager"}:
        return []
    spec = load_spec(path)
    people = load_groups(settings.policies).people([*spec.approvers, *spec.approval.second_tier]) or ()
    names = ", ".join(repr(person) for person in people if not is_id(person))
    if not names:
        return []
    told = f"approvers: {manager} tells users apart by their ids, and these are names: {names}."
    return [f"{told} Airflow takes anybody's answer then, and Airmedic refuses it later. Name ids instead."]


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


def _rollout(spec: ModelSpec, _: Settings) -> list[str]:
    from airmedic_core.rollout import options_for

    if not spec.rollout.dag:
        options_for(spec)
    return []


def _notify_options(spec: ModelSpec, _: Settings) -> list[str]:
    from airmedic_core.errors import AirmedicError
    from airmedic_core.notifiers import options_for

    problems = []
    for name, options in spec.notify.items():
        try:
            options_for(name, options)
        except AirmedicError as error:
            problems.append(str(error))
    return problems


def _watcher(spec: ModelSpec, _: Settings) -> list[str]:
    from airmedic_core.family import family_of
    from airmedic_core.schedules import watched
    from airmedic_core.spec import WATCHERS_LIE_IN

    if chosen := watched(spec.schedule):
        family_of(WATCHERS_LIE_IN.package).member(chosen.watcher).check(spec, chosen.place)
    return []


def _policy(spec: ModelSpec, settings: Settings) -> list[str]:
    from airmedic_core.policy import load_policy

    # A spec that was just written for `airmedic check` stands alone. A policy that it names has to be there.
    if "policy" not in spec.model_fields_set and not settings.policies.is_dir():
        return []
    load_policy(settings.policies, spec.policy)
    return []


def _policy_problems(spec: ModelSpec, settings: Settings) -> list[str]:
    from airmedic_core.errors import AirmedicError

    try:
        return _policy(spec, settings)
    except AirmedicError as error:
        return [str(error)]


def _groups(spec: ModelSpec, settings: Settings) -> list[str]:
    from airmedic_core.groups import load_groups
    from airmedic_core.policy import load_policy

    named = [*spec.approvers, *spec.approval.second_tier]
    # What is wrong with the policy itself is said already.
    if settings.policies.is_dir() and not _policy_problems(spec, settings):
        named += [group for rule in load_policy(settings.policies, spec.policy).permissions for group in rule.one_of]
    return load_groups(settings.policies).problems(named)


def _priors(_: ModelSpec, settings: Settings) -> list[str]:
    from airmedic_core.policy import PRIORS

    # The package's own are sound. To read a team's takes the ledger's extra, which a check of two files does without.
    if not (settings.policies / f"{PRIORS}.yaml").exists():
        return []
    from airmedic_core.learning.priors import load_priors

    load_priors(settings.policies)
    return []


def _suite(spec: ModelSpec, settings: Settings) -> list[str]:
    from airmedic_core.checks.quality.suite import read_suite, suite_file

    path = suite_file(spec, settings)
    if path is None:
        return []
    suite = read_suite(path)
    # Imported only where there is a suite: it takes seconds.
    from airmedic_core.expectations import build_expectations

    build_expectations(suite, path.name)
    return []


def _metric(spec: ModelSpec, _: Settings) -> list[str]:
    from airmedic_core.errors import SpecError
    from airmedic_core.metrics import metric

    try:
        metric(spec.metric, spec.task)
    except SpecError as error:
        return [f"gate.metric: {error}"]
    return []


def _positive(spec: ModelSpec, _: Settings) -> list[str]:
    if spec.positive is not None and spec.task != "binary":
        return [f"positive: only a binary model has a positive value, and this is task: {spec.task}. Leave it out."]
    return []


def _method(spec: ModelSpec, _: Settings) -> list[str]:
    from airmedic_core.errors import closest
    from airmedic_core.training.methods import METHODS

    using = spec.retrain.using
    if using in METHODS or ":" in using.strip(":"):
        return []
    told = f"retrain: {using!r} is neither a method, nor package.module:function, nor dag:<dag_id>."
    return [f"{told} {closest(using, METHODS)}"]


def _lags(spec: ModelSpec, _: Settings) -> list[str]:
    from airmedic_core.targets import check_lags

    check_lags(spec)
    return []
