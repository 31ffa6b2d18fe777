"""Take the change freeze back that `airmedic freeze` set.

Exit code 0: taken back, or there was none; it says which. 2: the ledger does not exist or could not be written.
"""

from __future__ import annotations

import argparse

from airmedic_core.terminal.switch import configure_take_back, take_back

SUMMARY = "take the change freeze back"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    configure_take_back(parser)


def run(args: argparse.Namespace) -> int:
    """Revoke the override."""
    take_back("freeze", args, "thawed", "frozen")
    return 0
