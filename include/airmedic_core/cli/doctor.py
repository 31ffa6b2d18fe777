"""Look at this installation: what works, what does not, and what to do about it.

Exit code 0: nothing is broken. 1: something is.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from airmedic_core.terminal.progress import step

if TYPE_CHECKING:
    from airmedic_core.settings import Settings

SUMMARY = "look at this installation and say what to do"

_CONNECTIONS = {
    "airmedic_ledger": "where the ledger is (default: AIRMEDIC_LEDGER_URL, else an embedded file)",
    "airmedic_mlflow": "where MLflow is (default: MLFLOW_TRACKING_URI, else an embedded file)",
    "anthropic": "a language model for second diagnoses (default: rules only)",
}
_NOTICES = "notifications (default: the task log)"

_MOST_INCIDENTS = 200
"""Open incidents that are looked through for models without a spec."""

_LOCKS = ("airmedic/requirements.txt", "requirements.txt")
"""Says where the lock lies beside the folder of the code: in the image, and in a checkout."""

_MOST_NAMED = 20
"""Specs that are listed although nothing is wrong with them: more would hide what is."""


class Symptom(NamedTuple):
    """One thing that was looked at."""

    verdict: str
    """``ok``, ``warning`` or ``failed``."""
    subject: str
    state: str
    todo: str = ""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add no arguments."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Print what was found."""
    del args
    from airmedic_core.settings import Settings
    from airmedic_core.terminal.output import judged, show

    symptoms = list(examine(Settings.from_env()))
    show("", ("State", "What", "Found", "What to do"), symptoms)
    broken = [symptom.subject for symptom in symptoms if symptom.verdict == "failed"]
    judged("failed" if broken else "ok", ", ".join(broken) if broken else "Nothing is broken.")
    return 1 if broken else 0


def examine(settings: Settings) -> Iterator[Symptom]:
    """Yield what is found, from the interpreter outwards."""
    from airmedic_core.errors import AirmedicError
    from airmedic_core.extras import missing_extra

    looks: tuple[Callable[[Settings], Iterator[Symptom]], ...] = (
        _python, _packages, _plugin, _extensions, _home, _content, _specs, _fleet, _policy, _kill_switch, _ledger,
        _left_incidents, _mlflow, _models, _connections,
    )  # fmt: skip
    for number, look in enumerate(looks, start=1):
        step(f"looks at the {look.__name__.strip('_').replace('_', ' ')}", number, len(looks))
        try:
            yield from look(settings)
        except AirmedicError as error:
            yield Symptom("failed", look.__name__.strip("_"), error.problem, error.hint)
        except ModuleNotFoundError as error:
            missing = missing_extra(error)
            if missing is None:
                raise
            yield Symptom("warning", look.__name__.strip("_"), f"not looked at: {missing.problem}", missing.hint)


def _python(_: Settings) -> Iterator[Symptom]:
    running = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    supported = (3, 11) <= sys.version_info[:2] <= (3, 14)
    yield Symptom("ok" if supported else "failed", "python", running, "" if supported else "Use Python 3.11 to 3.14.")


def _packages(_: Settings) -> Iterator[Symptom]:
    from importlib.metadata import PackageNotFoundError, requires

    from airmedic_core.extras import unmet

    try:
        declared = requires("airmedic") or []
    except PackageNotFoundError:
        yield _locked_packages()
        return
    missing, wrong = unmet(declared, extra="")
    if missing or wrong:
        yield Symptom("failed", "packages", "; ".join([*missing, *wrong][:5]), "Install airmedic again.")
    else:
        yield Symptom("ok", "packages", "what the engine needs is there")
    yield from _extras(declared)


def _locked_packages() -> Symptom:
    """Return what to say where the code runs from a folder, as in the image: only the lock says what it needs."""
    import airmedic_core
    from airmedic_core.extras import unmet

    folder = Path(airmedic_core.__file__).parents[1]
    lock = next((folder.parent / name for name in _LOCKS if (folder.parent / name).is_file()), None)
    if lock is None:
        return Symptom("warning", "packages", "airmedic is not installed", "Install it with 'pip install .'.")
    lines = [line.rstrip("\\ ") for line in lock.read_text(encoding="utf-8").splitlines()]
    declared = [line for line in lines if line and line[0].isalnum()]
    missing, wrong = unmet(declared, extra="")
    if missing or wrong:
        state = f"runs from {folder}; not as locked: " + "; ".join([*missing, *wrong][:5])
        return Symptom("warning", "packages", state, f"Run: pip install --no-deps --require-hashes -r {lock}")
    return Symptom("ok", "packages", f"runs from {folder}; the {len(declared)} packages are as locked")


def _extras(declared: list[str]) -> Iterator[Symptom]:
    """Yield which extras are there. An extra counts as there if all that it brings is installed, in whatever way."""
    from airmedic_core.extras import LIBRARIES, unmet

    absent = []
    for extra in sorted({library.extra for library in LIBRARIES.values()}):
        missing, wrong = unmet(declared, extra=extra)
        if missing:
            absent.append(extra)
        elif wrong:
            yield Symptom("failed", f"extra {extra}", "; ".join(wrong[:5]), f'Run: pip install "airmedic[{extra}]"')
    if absent:
        yield Symptom("ok", "extras", f"not installed: {', '.join(absent)}", 'Optional: pip install "airmedic[…]"')


def _plugin(_: Settings) -> Iterator[Symptom]:
    """Yield what of Airmedic is there twice, and what an earlier installation has left in Airflow's plugins folder."""
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    from airmedic_core.airflow_settings import plugin_folder
    from airmedic_core.extras import copies_of

    folder = plugin_folder()
    registered = bool(entry_points(group="airflow.plugins", name="airmedic"))
    copied = (folder / "airmedic" / "__init__.py").is_file()
    copies = copies_of("airmedic", folder)
    for other in copies[1:]:
        state = f"{other} is a second copy of the package; {copies[0]} is the one that is imported"
        if other.folder.parent == folder:
            todo = f"Remove airmedic/ and airmedic_plugin.py from {folder}."
            yield Symptom("failed", "plugin", state, todo)
        else:
            # It lies behind the other one, until a process has another PYTHONPATH.
            todo = "Keep one: run 'pip uninstall airmedic', or take the checkout off PYTHONPATH."
            yield Symptom("warning", "plugin", state, todo)
    if copies[1:]:
        return
    if (folder / "airmedic_plugin.py").is_file() and not copied and registered:
        state = f"{folder / 'airmedic_plugin.py'} is left of another installation; the package registers the plugin"
        yield Symptom("warning", "plugin", state, "Remove it.")
    elif registered or copied:
        yield Symptom("ok", "plugin", "registered by the package" if registered else f"in {folder}")
    elif find_spec("airflow"):
        yield Symptom(
            "warning", "plugin", f"not in {folder}, and no package registers it", "Install airmedic with pip."
        )


def _extensions(_: Settings) -> Iterator[Symptom]:
    from airmedic_core.extensions import extension_problems, offered_members

    for kind, name, package in offered_members():
        yield Symptom("ok", f"extension {package}", f"adds {name!r} to the {kind}")
    for problem in extension_problems():
        yield Symptom("failed", "extension", problem.problem, problem.hint)


def _home(settings: Settings) -> Iterator[Symptom]:
    parent = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    if os.access(parent, os.W_OK):
        yield Symptom("ok", "state", str(settings.home))
    else:
        yield Symptom("failed", "state", f"{settings.home} is not writable", "Set AIRMEDIC_HOME to a folder that is.")


def _content(settings: Settings) -> Iterator[Symptom]:
    from airmedic_core.starter import FOLDERS

    for name in FOLDERS:
        folder = settings.content / name
        needed = name in {"models", "policies"}
        if folder.is_dir():
            count = sum(1 for path in folder.iterdir() if path.is_file())
            yield Symptom("ok", name, f"{folder}, {count} {'file' if count == 1 else 'files'}")
        else:
            todo = "Run 'airmedic init-project', or set AIRMEDIC_CONTENT to the folder that holds it."
            yield Symptom("failed" if needed else "warning", name, f"{folder} is missing", todo)


def _specs(settings: Settings) -> Iterator[Symptom]:
    from airmedic_core.cli.validate import spec_problems, unset_variable
    from airmedic_core.spec import spec_files

    valid = []
    for path in spec_files(settings.models):
        if unset := unset_variable(path):
            yield Symptom("warning", path.name, f"not usable here: {unset.problem}", unset.hint)
            continue
        problems = spec_problems(path, settings)
        if problems:
            yield Symptom("failed", path.name, problems[0], f"Run 'airmedic validate {path}'.")
        else:
            valid.append(path.name)
    if len(valid) > _MOST_NAMED:
        yield Symptom("ok", f"{len(valid)} specs", "valid")
    else:
        yield from (Symptom("ok", name, "valid") for name in valid)


def _fleet(settings: Settings) -> Iterator[Symptom]:
    from airmedic_core.airflow_settings import MANY_MODELS, dag_folder, database, too_low
    from airmedic_core.dag_files import KINDS, files_needed, files_of
    from airmedic_core.spec import spec_files

    models = sum(1 for _ in spec_files(settings.models))
    if models < MANY_MODELS:
        return
    folder = dag_folder()
    fewest = min(len(files_of(kind, folder)) for kind in KINDS)
    if fewest < files_needed(models):
        state = f"{models} models, and {fewest} of a kind in {folder}"
        yield Symptom("warning", "DAG files", state, f"Run 'airmedic dags --folder {folder}'.")
    for wanted, value in too_low(models):
        todo = f"Set {wanted.variable}={wanted.least}."
        yield Symptom("warning", f"[{wanted.section}] {wanted.key}", f"{value}: {wanted.why}", todo)
    for subject, address in (("Airflow's database", database()), ("ledger", settings.ledger_url)):
        if address.startswith("sqlite"):
            state = f"SQLite lets one task write at a time, and there are {models} models"
            yield Symptom("warning", subject, state, "Use Postgres.")


def _policy(settings: Settings) -> Iterator[Symptom]:
    from airmedic_core.policy import load_policy

    policy = load_policy(settings.policies)
    for remark in policy.remarks():
        yield Symptom("warning", "policy", remark)
    yield Symptom("ok", "policy", f"default, for the environment {settings.environment!r}")


def _ledger(settings: Settings) -> Iterator[Symptom]:
    from airmedic_core.cli.overrides import taking_back, value_of
    from airmedic_core.errors import NoLedgerError
    from airmedic_core.ledger import EVERY_MODEL, Ledger

    try:
        ledger = Ledger.open(settings.ledger_url, create=False)
    except NoLedgerError as error:
        # Not made here: in a wrong folder, a new one would only seem to be the right one.
        yield Symptom("warning", "ledger", error.problem, error.hint)
        return
    yield Symptom("ok", "ledger", f"{ledger.url}, {ledger.audit_head().sequence:,} audit records")
    for override in ledger.overrides():
        told = f"by {override.author}, {override.until}: {override.reason}"
        todo = f"Take it back: {taking_back(override)}"
        if override.kind == "kill_switch":
            whom = "all models" if override.model == EVERY_MODEL else override.model
            yield Symptom("warning", "kill switch", f"{whom}: stopped {told}"[:300], todo)
        else:
            setting = f"{override.kind} {override.key} {value_of(override)}".rstrip()
            yield Symptom("ok", f"override of {override.model}", f"{setting[:200]} {told}"[:400], todo)


def _left_incidents(settings: Settings) -> Iterator[Symptom]:
    """Yield the models whose spec has gone while an incident of theirs is open: nothing goes on with it."""
    from airmedic_core.errors import NoLedgerError
    from airmedic_core.ledger import Ledger
    from airmedic_core.spec import spec_files

    try:
        ledger = Ledger.open(settings.ledger_url, create=False)
    except NoLedgerError:
        return
    there = {path.stem for path in spec_files(settings.models)}
    left: dict[str, list[str]] = {}
    for incident in ledger.incidents(open_only=True, limit=_MOST_INCIDENTS):
        if incident.model not in there:
            left.setdefault(incident.model, []).append(incident.id)
    for model, incidents in left.items():
        state = f"{model}.yaml has gone, and {', '.join(incidents[:_MOST_NAMED])} is open"
        todo = (
            f"Put the spec back, and trigger remediate__{model} with the incident's id; or, if the model is retired: "
            f'airmedic incidents --close {incidents[0]} --reason "…"'
        )
        yield Symptom("warning", f"incident of {model}", state, todo)


def _kill_switch(_: Settings) -> Iterator[Symptom]:
    from airmedic_core.decide.kill_switch import KILL_SWITCH, switched_off

    if switched_off():
        yield Symptom("warning", "kill switch", f"{KILL_SWITCH} stops every change", "Unset it to go on.")


def _mlflow(settings: Settings) -> Iterator[Symptom]:
    from airmedic_core.reports.addresses import page_address
    from airmedic_core.reports.runs import probe

    probe(settings)
    page = page_address(settings)
    if page:
        yield Symptom("ok", "mlflow", page)
    else:
        todo = "Set MLFLOW_TRACKING_URI to a server to read reports in a browser."
        yield Symptom("warning", "mlflow", "an embedded store, without pages", todo)


def _models(settings: Settings) -> Iterator[Symptom]:
    """Say which champions were made with packages that are installed otherwise here, or not at all."""
    from airmedic_core.errors import AirmedicError, SpecError
    from airmedic_core.fitted import packages_told
    from airmedic_core.ledger import Ledger
    from airmedic_core.registry import Registry
    from airmedic_core.spec import load_spec, spec_files

    embedded = settings.tracking_uri.removeprefix("sqlite:///")
    if embedded != settings.tracking_uri and not Path(embedded).exists():
        return
    try:
        registry = Registry(settings.tracking_uri, Ledger.open(settings.ledger_url, create=False))
        for path in spec_files(settings.models):
            try:
                spec = load_spec(path)
            except SpecError:
                continue
            champion = None if spec.only_logged else registry.by_alias(spec.name, "champion")
            gaps = registry.gaps(champion) if champion is not None else ()
            if champion is not None and gaps:
                told, todo = packages_told(gaps)
                yield Symptom("warning", f"model {spec.name}", f"Version {champion.version} serves. {told}", todo)
    except AirmedicError:
        # What is wrong with the ledger or MLflow is told where these are looked at.
        return


def _connections(_: Settings) -> Iterator[Symptom]:
    from airmedic_core.notifiers import NOTIFIERS

    written_to = [name for notifier in NOTIFIERS.working().values() for name in notifier.connections]
    for name, purpose in {**_CONNECTIONS, **dict.fromkeys(written_to, _NOTICES)}.items():
        there = f"AIRFLOW_CONN_{name.upper()}" in os.environ
        where = "in the environment" if there else "not in the environment; Airflow may know it"
        yield Symptom("ok", f"connection {name}", where, "" if there else f"Optional: {purpose}.")
