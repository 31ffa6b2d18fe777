"""Members are named nowhere outside of their family: adding one, or renaming it, touches its own file alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from airmedic_core.extensions import FAMILIES
from airmedic_core.family import family_of

ROOT = Path(__file__).parents[2]
CORE = "include/airmedic_core/"
WORDS = frozenset({"cooldown", "file", "labels", "latency", "log", "schema", "scores"})
"""Names that are also words of their own: the key of a limit, an argument, a column."""
# Evidence is of a kind that often has its collector's name, and kinds of evidence are what rules read.
LOOKED_AT = [package for package in FAMILIES if not package.endswith(".collectors")]
GROUPS, PROMOTIONS = {"drift", "performance"}, {"deploy", "rollback"}

NAMED_ON_PURPOSE: dict[str, set[str]] = {
    # Checks run and are kept by group, and two groups are called like a check.
    CORE + "diagnose/case.py": GROUPS,
    CORE + "diagnose/collectors/findings.py": GROUPS,
    CORE + "ledger/observations.py": GROUPS,
    CORE + "review/changes/window_length.py": GROUPS,
    "plugins/airmedic/operators/check.py": GROUPS,
    "plugins/airmedic/operators/drift_check.py": GROUPS,
    "plugins/airmedic/operators/performance_check.py": GROUPS,
    "plugins/airmedic/testing/collectors.py": GROUPS,
    # The kinds of promotions.
    CORE + "diagnose/collectors/versions.py": PROMOTIONS,
    CORE + "monitor/context.py": PROMOTIONS | {"quarantine"},
    CORE + "records/versions.py": PROMOTIONS,
    CORE + "registry/": PROMOTIONS,
    CORE + "rollout/": PROMOTIONS,
    CORE + "watch/": PROMOTIONS | GROUPS,
    # A kind of override, which other rooms read.
    CORE + "incident_lifecycle.py": {"quarantine"},
    CORE + "ledger/overrides.py": {"quarantine"},
    CORE + "monitor/batches.py": {"quarantine"},
    CORE + "read_model/model.py": {"quarantine"},
    CORE + "repair/on_record.py": {"quarantine"},
    # How far learning goes, by a word that is a strategy's as well.
    CORE + "policy/sections.py": {"shadow"},
    # The words that a language model may see unchanged: those of promotions and overrides.
    CORE + "diagnose/outbound.py": PROMOTIONS | {"quarantine"},
    # A cause says which actions heal it; that is its table.
    CORE + "causes/": {
        "acquire_data",
        "escalate",
        "hold",
        "quarantine",
        "recalibrate",
        "refresh_reference",
        "repair",
        "rerun_pipeline",
        "retrain",
        "rollback",
        "scale",
    },
    # A method of training, which the action of this name asks for.
    CORE + "training/": {"recalibrate", "quarantine"},
    # A step of a pipeline.
    CORE + "training/families.py": {"scale"},
    # The extras of an installation, some of which are called like the member that needs their libraries.
    CORE + "extras.py": {"quality", "slack", "sql"},
    # The module of scikit-learn, whose package has another name.
    CORE + "fitted/packages.py": {"sklearn"},
    # The group of checks that look at the labels that a window is judged by; it is called like one of its checks.
    CORE + "monitor/label_windows.py": {"performance"},
    # Findings of earlier versions, which had no roles.
    CORE + "ledger/earlier_findings.py": {"estimate"},
    # The defaults of a spec, its short forms, and what its section on data asks for.
    CORE + "spec/": {"notify", "quality", "retrain", "scale", "simple", "sql"},
    # The story of the demo is told with actions.
    CORE + "simulate/story.py": {"deploy", "quarantine", "refresh_reference", "retrain", "rollback"},
    # Ways through a remediation, and its tasks; many are called like the action that goes this way.
    "plugins/airmedic/operators/": {"deploy", "escalate", "quarantine", "repair", "retrain", "rollback", "scale"},
    "plugins/airmedic/dags/deploy_path.py": {"deploy"},
    "plugins/airmedic/dags/remediate.py": {"deploy", "escalate", "rerun_pipeline", "retrain", "scale"},
    # A lock of the ledger is held while a block runs.
    "plugins/airmedic/testing/faults.py": {"hold"},
    # Actions that an arrangement for tests proposes.
    "plugins/airmedic/testing/rollout.py": {"deploy"},
}


def members() -> dict[str, set[str]]:
    """Return name → the folders of the families that have a member of this name."""
    named: dict[str, set[str]] = {}
    for package in LOOKED_AT:
        for name in family_of(package).ours():
            named.setdefault(name, set()).add("include/" + package.replace(".", "/") + "/")
    return named


def texts(tree: ast.Module) -> Iterator[str]:
    """Yield the quoted texts of a module that can name a member: neither docstrings nor keys of dictionaries."""
    others = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    others |= {id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
    others |= {id(node.slice) for node in ast.walk(tree) if isinstance(node, ast.Subscript)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in others:
            yield node.value


@cache
def named_outside() -> dict[str, set[str]]:
    """Return file → the members that it names although it is not of their family."""
    known = members()
    outside: dict[str, set[str]] = {}
    for path in sorted(path for folder in ("include", "plugins", "dags") for path in (ROOT / folder).rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        for text in set(texts(ast.parse(path.read_text(encoding="utf-8")))) & known.keys() - WORDS:
            if not any(place.startswith(folder) for folder in known[text]):
                outside.setdefault(place, set()).add(text)
    return outside


def test_no_member_is_named_outside_of_its_family() -> None:
    for place, names in named_outside().items():
        on_purpose = {name for start, few in NAMED_ON_PURPOSE.items() if place.startswith(start) for name in few}
        assert names <= on_purpose, f"{place} names {sorted(names - on_purpose)}; let the member declare a trait"


@pytest.mark.parametrize("start", NAMED_ON_PURPOSE)
def test_an_exception_is_one(start: str) -> None:
    named = {name for place, names in named_outside().items() if place.startswith(start) for name in names}
    assert named & NAMED_ON_PURPOSE[start], f"{start} names no member any more: take it off the list"


def test_a_name_is_seen_where_it_is_compared_or_handed_over() -> None:
    tree = ast.parse('"""rollback"""\nknown = {"hold": 1}["hold"]\nif name == "rollback":\n    propose("deploy")\n')
    assert set(texts(tree)) == {"rollback", "deploy"}
