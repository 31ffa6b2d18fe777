"""Write docs/model-spec.md from the spec's own model, so that the page stays true.

Run it after a change of spec/, or of the options of a check, rollout strategy or notifier:
python scripts/write_model_spec.py
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT)]

from airmedic_core.checks import CHECKS  # noqa: E402
from airmedic_core.family import Family  # noqa: E402
from airmedic_core.notifiers import NOTIFIERS  # noqa: E402
from airmedic_core.rollout import STRATEGIES  # noqa: E402
from airmedic_core.spec import ModelSpec  # noqa: E402
from airmedic_core.targets import TARGETS  # noqa: E402
from scripts.reference.tables import first_line, sections, table  # noqa: E402

PAGE = PROJECT / "docs" / "model-spec.md"

_HEAD = """\
# The model spec

One YAML file in `include/models/` says what a monitored model is and where its batches arrive. The file's name is the
model's name. `airmedic init FILE --target COLUMN` writes one; `airmedic validate` checks all.

*This page is written by `scripts/write_model_spec.py` from the code.*

A short one:

```yaml
name: hotel_cancellations
task: binary
target: is_canceled
data:
  path: ${AIRMEDIC_DATA}/hotel_bookings/hotel_bookings.csv.gz
  time_column: arrival_date
label_time_column: reservation_status_date
exclude: [reservation_status, assigned_room_type]
reference: {start: 2015-07-01, end: 2016-04-01}
```

* Unknown keys are errors that name the closest key.
* `${NAME}` and `${NAME:-default}` come from the environment.
* Fractions are between 0 and 1, times are in UTC, steps in time are `hour`, `6 hours`, `day`, `week`, `month`.
* A spec that is not valid is an import error of that model in Airflow; other models go on.
"""

_CHECKS = """\
## Checks

Every check below runs with its defaults. `checks` changes options or leaves a check out. A check of an installed
package runs for the models that name it, with options or with `true`:

```yaml
checks:
  drift:
    least_effect: 0.2
  anomalies: false
```
"""

_NOTIFIERS = """\
## Notifiers

`notify` holds each notifier with its options. The short form of one option joins the two names:

```yaml
notify:
  slack_channel: "#models"        # the same as slack: {channel: "#models"}
```
"""


def page() -> str:
    """Return the whole page."""
    parts = [_HEAD, "## Keys\n", table(ModelSpec, "", nested=False)]
    for name, model in sections(ModelSpec):
        parts.append(f"## {name}\n\n{first_line(model)}\n")
        parts.append(table(model, f"{name}."))
    parts.append(_CHECKS)
    parts += _family(CHECKS)
    parts.append("## Rollout strategies\n\n`rollout.strategy` names one, `rollout.options` holds its options.\n")
    parts += _family(STRATEGIES)
    parts.append("## Targets\n\n`rollout.target` names one, `rollout.target_options` holds its options.\n")
    parts += _family(TARGETS)
    parts.append(_NOTIFIERS)
    parts += _family(NOTIFIERS)
    return "\n".join(parts).rstrip() + "\n"


def _family(family: Family[Any]) -> Iterator[str]:
    for name in family.ours():
        member = family.member(name)
        group = f" ({member.group})" if hasattr(member, "group") else ""
        yield f"### {name}{group}\n\n{_description(member)}\n"
        if member.options.model_fields:
            yield table(member.options, "")


def _description(member: object) -> str:
    """Return what a member's docstring says, up to its first section: examples are for those who read the code."""
    text = inspect.getdoc(type(member)) or ""
    return re.split(r"\n\n[^\n]+\n-{3,}\n", text, maxsplit=1)[0].strip()


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
