"""Arguments that several commands share, and what they stand for."""

from __future__ import annotations

import argparse
import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace


def add_model(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add ``--model``."""
    parser.add_argument(
        "--model", required=required, metavar="SPEC", help="a model spec: its file, or its name in models/"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", metavar="OUT", help="write the result as JSON to a file, or to standard output for -")


def add_by(parser: argparse.ArgumentParser) -> None:
    """Add ``--by``."""
    parser.add_argument(
        "--by", type=words, default=getpass.getuser(), help="who does this, for the record (%(default)s)"
    )


def words(text: str) -> str:
    """Return the text of an argument that must say something."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it must not be empty")
    return text.strip()


def spec_of(model: str) -> ModelSpec:
    """Return the spec that ``--model`` means. Raises as :func:`airmedic_core.spec.load_spec` does."""
    from airmedic_core.spec import load_spec

    return load_spec(spec_file(model))


def spec_file(model: str) -> Path:
    """Return the file of a spec that a command was told of by its file, or by its name in ``models/``."""
    from airmedic_core.settings import Settings

    path = Path(model)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        return path
    return Settings.from_env().models / f"{model}.yaml"


def workspace_of(model: str, *, create: bool = False) -> Workspace:
    """Return the workspace of ``--model`` with the settings of the environment.

    Raises
    ------
    NoLedgerError
        If there is no ledger and none may be made: in a wrong folder, a new one would only seem to be the right one.
    """
    from airmedic_core.workspace import Workspace

    _quieten_mlflow()
    spec = spec_of(model)
    if not create:
        ledger()
    return Workspace.open(spec)


def _quieten_mlflow() -> None:
    """Keep MLflow from talking between the lines of a command. It reads these when it is imported."""
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


def ledger() -> Ledger:
    """Return the ledger that the environment names. Raises NoLedgerError if it does not exist yet."""
    from airmedic_core.ledger import Ledger
    from airmedic_core.settings import Settings

    return Ledger.open(Settings.from_env().ledger_url, create=False)
