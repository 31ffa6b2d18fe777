"""Write the pages of the documentation that follow from the code, so that they stay true.

Run it after a change of an operator, an action, a cause, a command, a metric, an address or the policy's keys:
python scripts/write_reference.py
"""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT)]

from scripts.reference import decisions, operators, outside, policy  # noqa: E402


def pages() -> dict[str, str]:
    """Return path → text of all pages."""
    return {
        "docs/reference/policy.md": policy.page(),
        "docs/reference/causes.md": decisions.causes(),
        "docs/reference/actions.md": decisions.actions(),
        "docs/reference/metrics.md": outside.metrics(),
        "docs/reference/command_line.md": outside.command_line(),
        "docs/reference/api.md": outside.api(),
        **operators.pages(),
    }


if __name__ == "__main__":
    for name, text in pages().items():
        path = PROJECT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
