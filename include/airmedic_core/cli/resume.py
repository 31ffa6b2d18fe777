"""Take the kill switch back that `airmedic stop` threw. Exit code 0: taken back. 2: it was not thrown, or an error."""

from __future__ import annotations

import argparse

from airmedic_core.cli._switch import configure_take_back, take_back

SUMMARY = "take the kill switch back"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    configure_take_back(parser)


def run(args: argparse.Namespace) -> int:
    """Revoke the override."""
    take_back("kill_switch", args, "resumed")
    return 0
