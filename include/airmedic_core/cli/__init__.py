"""The command line: ``airmedic <command>``. Each file of this folder is one command, its name the command's.

A command offers ``SUMMARY``, ``configure(parser)`` and ``run(args)``, which returns the exit code. Commands import what
is heavy only when they run, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

from airmedic_core.errors import AirmedicError
from airmedic_core.extras import missing_extra
from airmedic_core.family import listing
from airmedic_core.terminal.progress import progress

COMMANDS = tuple(name.replace("_", "-") for name in listing("airmedic_core.cli"))
FAILED = 2
"""Exit code of a command that could not do what it was asked."""
DEBUG = "AIRMEDIC_DEBUG"
"""Environment variable that, set to anything, shows the traceback of an error."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; those of the process where not given.
    """
    try:
        args = _parser().parse_args(argv)
        with progress(args.command):
            code: int = command_named(args.command).run(args)
    except AirmedicError as error:
        return _failed(error)
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough.
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001  Python's own exit code, 1, would mean "not healthy"
        return _failed(_unexpected(error))
    return code


def command_named(name: str) -> ModuleType:
    """Return the module of one command: ``init-project`` is in ``init_project.py``."""
    return import_module(f"airmedic_core.cli.{name.replace('-', '_')}")


def _unexpected(error: Exception) -> AirmedicError:
    said = str(error).strip().partition("\n")[0][:300]
    told = missing_extra(error) or AirmedicError(
        f"Unexpected {type(error).__name__}: {said or 'no message'}", f"{DEBUG}=1 shows where it came from."
    )
    told.__cause__ = error
    return told


def _failed(error: AirmedicError) -> int:
    from airmedic_core.terminal.output import problem

    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    problem(error)
    return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="airmedic", description="Heals machine-learning models in production.")
    parser.add_argument("--version", action="version", version=f"airmedic {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name in COMMANDS:
        member = command_named(name)
        command = commands.add_parser(name, help=member.SUMMARY, description=member.__doc__)
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        member.configure(command)
    return parser


def _version() -> str:
    try:
        return version("airmedic")
    except PackageNotFoundError:
        return "(not installed)"
