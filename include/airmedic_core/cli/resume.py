"""Take the kill switch back that `airmedic stop` threw.

Exit code 0: taken back, or it was not thrown; it says which. 2: the ledger does not exist or could not be written.
"""

from __future__ import annotations

import argparse

from airmedic_core.terminal.switch import configure_take_back, take_back

SUMMARY = "take the kill switch back"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    configure_take_back(parser)


def run(args: argparse.Namespace) -> int:
    """Revoke the override."""
    from airmedic_core.decide.kill_switch import KILL_SWITCH, switched_off
    from airmedic_core.terminal.output import judged

    take_back("kill_switch", args, "resumed", "stopped")
    if switched_off():
        judged("warning", f"all models: still stopped here by the environment variable {KILL_SWITCH}")
    return 0
