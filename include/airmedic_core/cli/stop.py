"""Throw the kill switch: nothing is changed in production any more, approved or not, until `airmedic resume`.

Monitoring, diagnoses and escalations go on. A stop that holds longer is never shortened. Exit code 0: thrown. 2: the
ledger does not exist or could not be written.
"""

from __future__ import annotations

import argparse

from airmedic_core.terminal.switch import configure_throw, throw

SUMMARY = "throw the kill switch"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    configure_throw(parser)


def run(args: argparse.Namespace) -> int:
    """Record the override."""
    throw("kill_switch", args, "stopped")
    return 0
