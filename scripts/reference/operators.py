"""The pages of operators and sensors: what their docstrings say, and an example DAG that the tests run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.reference.docstrings import SourceClass, as_markdown, classes_of

PROJECT = Path(__file__).resolve().parents[2]
LAYER = PROJECT / "plugins" / "airmedic"
EXAMPLES = PROJECT / "examples" / "operators"
FOLDER = "docs/operators"
_GROUPS = (
    ("Look at a batch", ("monitor",)),
    ("Heal a model", ("remediate", "review")),
    ("In DAGs of your own", ()),
)
_TASK = re.compile(r"(\w+(?:Operator|Sensor))\(\s*task_id=\"(\w+)\"")

_HEAD = """\
# Operators

Each step of Airmedic's DAGs is an operator that can stand in a DAG of your own. An operator calls one use case of the
engine: it takes plain arguments, records what it did in the ledger, and returns a small dict.

*These pages are written by `scripts/write_reference.py` from the code.* Each shows a DAG of the folder
`examples/operators`, which the tests parse and run. That folder is no part of what is installed or deployed.

* `model` is the name of a model spec. Arguments that are listed as templated may hold Jinja templates.
* Operators that change something take the hash of a proposal, and ask the ledger whether it was approved: putting one
  into a DAG gets round no approval.
* Running a task again has the effect of running it once.
* A task fails at once where trying again does not help, and is retried where it may: a ledger or an MLflow that does
  not answer.
"""


def pages() -> dict[str, str]:
    """Return path → text of all pages."""
    known = {source.name: source for folder in ("operators", "sensors") for source in classes_of(LAYER / folder)}
    used = _uses()
    offered = {name: operator for name, operator in known.items() if _is_offered(operator, known)}
    written = {f"{FOLDER}/{operator.module}.md": _page(operator, known, used) for operator in offered.values()}
    return {f"{FOLDER}/index.md": _index(offered, used), **dict(sorted(written.items()))}


def _is_offered(operator: SourceClass, known: Mapping[str, SourceClass]) -> bool:
    """Return whether a class is an operator that nobody has to subclass.

    One that another one is made of is a base, unless Airmedic's own DAGs use it.
    """
    is_task = operator.name.endswith(("Operator", "Sensor"))
    is_base = any(operator.name in other.bases for other in known.values())
    return is_task and (not is_base or operator.name in _uses())


def _uses() -> dict[str, list[tuple[str, str]]]:
    """Return class → kinds of DAGs and task ids for which Airmedic's own DAGs use it."""
    uses: dict[str, list[tuple[str, str]]] = {}
    for kind, file in (*((kind, kind) for kind in ("monitor", "remediate", "review")), ("remediate", "deploy_path")):
        for name, task_id in _TASK.findall((LAYER / "dags" / f"{file}.py").read_text(encoding="utf-8")):
            if (kind, task_id) not in uses.setdefault(name, []):
                uses[name].append((kind, task_id))
    return uses


def _index(offered: Mapping[str, SourceClass], used: Mapping[str, list[tuple[str, str]]]) -> str:
    parts = [_HEAD]
    for title, kinds in _GROUPS:
        parts.append(f"## {title}\n\n| Operator | Does |\n|---|---|")
        for name, operator in sorted(offered.items()):
            first = used.get(name, [("", "")])[0][0]
            if (first in kinds) if kinds else not first:
                told = as_markdown(" ".join(operator.description.split("\n\n")[0].split())).replace("|", "\\|")
                parts.append(f"| [{name}]({operator.module}.md) | {told} |")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _page(operator: SourceClass, known: Mapping[str, SourceClass], used: Mapping[str, list[tuple[str, str]]]) -> str:
    package = "sensors" if operator.name.endswith("Sensor") else "operators"
    example = f"examples/operators/{operator.module}.py"
    parts = [
        f"# {operator.name}\n",
        f"```python\nfrom airmedic.{package}.{operator.module} import {operator.name}\n```\n",
        as_markdown(operator.description) + "\n",
    ]
    kinds: dict[str, list[str]] = {}
    for kind, task_id in used.get(operator.name, ()):
        kinds.setdefault(kind, []).append(f"`{task_id}`")
    if kinds:
        listed = "; ".join(f"{', '.join(task_ids)} of `{kind}__<model>`" for kind, task_ids in kinds.items())
        parts.append(f"In Airmedic's own DAGs: {listed}.\n")
    parts.append(f'## Example\n\n`{example}`:\n\n```python\n--8<-- "{example}"\n```\n')
    parts.append("## Parameters\n\n| Parameter | Type | Meaning |\n|---|---|---|")
    lineage = list(_lineage(operator, known))
    parameters = {name: told for base in reversed(lineage) for name, told in base.parameters().items()}
    for name, (kind, meaning) in parameters.items():
        parts.append(f"| `{name}` | {kind} | {as_markdown(meaning)} |".replace("  ", " "))
    templated = next((base.template_fields for base in lineage if base.template_fields), ())
    if templated:
        parts.append(f"\nTemplated: {', '.join(f'`{field}`' for field in templated)}.")
    for title in ("Returns", "Raises"):
        said = next((base.section(title) for base in lineage if base.section(title)), "")
        parts += [f"\n## {title}\n\n{_entries(said)}"] if said else []
    return "\n".join(parts).rstrip() + "\n"


def _lineage(operator: SourceClass, known: Mapping[str, SourceClass]) -> Iterator[SourceClass]:
    yield operator
    for base in operator.bases:
        if base in known:
            yield from _lineage(known[base], known)


def _entries(section: str) -> str:
    """Return what a section lists: a type or an error, and what it means."""
    told = []
    for entry in re.split(r"\n(?=\S)", section):
        head, _, meaning = entry.partition("\n")
        told.append(f"`{head}`: {as_markdown(' '.join(meaning.split()))}")
    return "\n\n".join(told)
