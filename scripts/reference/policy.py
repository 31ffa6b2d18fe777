"""The page of the policy: its keys, and the policy that is shipped."""

from __future__ import annotations

import re
from pathlib import Path

from airmedic_core.policy import Policy
from scripts.reference.docstrings import as_markdown
from scripts.reference.tables import first_line, sections, table

PROJECT = Path(__file__).resolve().parents[2]
SHIPPED = PROJECT / "include" / "policies" / "default.yaml"

_HEAD = """\
# The policy

A file in `policies/` says what Airmedic does by itself, what it asks for, and what it leaves alone. A model uses
`policies/default.yaml`, or the file that its spec names: `policy: careful` is `policies/careful.yaml`.

*This page is written by `scripts/write_reference.py` from the code.*

* Rules are read from the top, and the first that fits decides. An action that no rule fits is denied.
* `airmedic policy` says what the policy would do, and why. `airmedic validate` checks the file; unknown keys are errors
  that name the closest key.
* Groups of approvers are in `policies/groups.yaml` ([Approvals](../approvals.md#who-may-answer)).
* A change of the policy holds from the next decision on. The policy is also asked once more right before an approved
  action begins.
"""


_VERIFIED = """\
`policy: verified` is shipped as well. Where the cause is verified, it lets `retrain`, `recalibrate`, `rollback`,
`repair`, `refresh_reference` and `request_labels` happen without asking. A rollback switches the serving version
unasked. `deploy`, `end_trial`, `promote_trial`, `acquire_data`, `rerun_pipeline`, `change_setting` and `scale` are
still asked about. Where the diagnosis is less sure of its first cause than `min_confidence_for_auto`, or a language
model's verified answer disagrees, people are asked about all but what only protects or tells. To take back or to
promote a version of which nothing has shown how it does is always asked about.
[Comparison](../comparison.md) says what that has been worth, and how many questions it has spared."""
_SHOWN = '--8<-- "include/policies/verified.yaml"'

_WORDS = {
    "cause": "Whether the evidence of the cause has to be verified.",
    "permission": "How far to go.",
    "start": "Its first moment.",
    "end": "The first moment after it.",
    "reason": "What people are told.",
    "environments": "Where it holds.",
}


def page() -> str:
    """Return the page."""
    told = _comments() | _WORDS
    parts = [_HEAD, "## Keys\n", table(Policy, "", nested=False, told=told)]
    for key, model in sections(Policy):
        a_list = "A list. " if key in {"permissions", "freezes"} else ""
        prefix = "" if a_list else f"{key}."
        parts.append(f"## {key}\n\n{a_list}{as_markdown(first_line(model))}\n\n{table(model, prefix, told=told)}")
    parts.append('## The policy that is shipped\n\n```yaml\n--8<-- "include/policies/default.yaml"\n```')
    parts.append(f"## Where verified causes are trusted\n\n{_VERIFIED}\n\n```yaml\n{_SHOWN}\n```")
    return "\n".join(parts).rstrip() + "\n"


def _comments() -> dict[str, str]:
    """Return key → the comment that the shipped policy has beside it, or above it."""
    told: dict[str, str] = {}
    above: list[str] = []
    section = ""
    for line in SHIPPED.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            above.append(line.strip("# "))
        elif match := re.match(r"(\s*)(\w+):([^#]*)(?:#\s*(.*))?$", line):
            indent, key, value, beside = match.groups()
            section = key if not indent else section
            name = f"{section}.{key}" if indent else key
            said = beside or " ".join(above)
            if said and value.strip() not in {"", "[]"}:
                said = said.removesuffix(" …").removeprefix("… ")
                told[name] = f"{said[:1].upper()}{said[1:].rstrip('.')}."
            above = []
        else:
            above = []
    return told
