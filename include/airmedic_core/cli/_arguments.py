"""Arguments that several commands share, and what they stand for."""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add ``--model``."""
    parser.add_argument("--model", required=True, metavar="SPEC", help="a model spec: its file, or its name in models/")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", metavar="OUT", help="write the result as JSON to a file, or to standard output for -")


def add_by(parser: argparse.ArgumentParser) -> None:
    """Add ``--by``."""
    parser.add_argument("--by", default=getpass.getuser(), help="who does this, for the record (default: %(default)s)")


def spec_of(model: str) -> ModelSpec:
    """Return the spec that ``--model`` means. Raises as :func:`airmedic_core.spec.load_spec` does."""
    from airmedic_core.settings import Settings
    from airmedic_core.spec import load_spec

    path = Path(model)
    if path.suffix in {".yaml", ".yml"} or path.is_file():
        return load_spec(path)
    return load_spec(Settings.from_env().models / f"{model}.yaml")


def workspace_of(model: str) -> Workspace:
    """Return the workspace of ``--model`` with the settings of the environment."""
    from airmedic_core.workspace import Workspace

    return Workspace.open(spec_of(model))
