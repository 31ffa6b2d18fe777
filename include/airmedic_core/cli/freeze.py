"""Freeze changes: until `airmedic thaw` nothing new is proposed but what the policy exempts, such as a rollback.

What was approved before is still carried out; `airmedic stop` stops that too. A freeze that holds longer is never
shortened. Exit code 0: frozen. 2: the ledger does not exist or could not be written.
"""

from __future__ import annotations

import argparse

from airmedic_core.terminal.switch import configure_throw, throw

SUMMARY = "freeze changes, for a release or a holiday"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    configure_throw(parser)


def run(args: argparse.Namespace) -> int:
    """Record the override."""
    throw("freeze", args, "frozen")
    return 0
