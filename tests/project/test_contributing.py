"""The recipes: what they name exists, and a member that is added by them works with no other line changed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from airmedic_core.extensions import FAMILIES
from airmedic_core.family import family_of

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "airmedic-example-extension" / "airmedic_example"
ADDED = {
    "checks": "negatives",
    "actions": "restart_feed",
    "rollout": "at_once",
    "sources": "json_lines",
    "flavours": "scorecard",
    "notifiers": "board",
    "diagnose/collectors": "weekday",
    "review/changes": "latency_rows",
}


def table() -> dict[str, tuple[str, list[str]]]:
    """Return folder → contract and models, as CONTRIBUTING.md lists them."""
    rows = re.findall(
        r"^\| [^|]+ \| `include/airmedic_core/([\w/]+)/` \| `(\w+)` \| ([^|]+) \|",
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return {folder: (contract, re.findall(r"`([\w./]+)`", models)) for folder, contract, models in rows}


def test_every_family_is_in_the_table_with_its_contract_and_models_that_exist() -> None:
    families = {package.removeprefix("airmedic_core.").replace(".", "/"): family_of(package) for package in FAMILIES}
    assert set(table()) == set(families)
    for folder, (contract, models) in table().items():
        assert families[folder].contract.__name__ == contract
        assert models
        for model in models:
            assert (ROOT / "include" / "airmedic_core" / folder / model).exists()


def test_the_page_shows_the_files_of_the_example() -> None:
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    shown = re.findall(r"```python\n(\"\"\".*?)```", page, re.DOTALL)
    files = {path.stem: path.read_text(encoding="utf-8") for path in EXAMPLE.glob("*.py") if path.stem != "__init__"}
    assert sorted(shown) == sorted(files.values())
    assert set(files) == set(ADDED.values())


def test_the_line_that_holds_a_member_to_its_contract_is_the_one_on_the_page() -> None:
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^test_negatives = (.*)$", page, re.MULTILINE)
    tests = (EXAMPLE.parent / "tests" / "test_contracts.py").read_text(encoding="utf-8")
    assert f"= {line}" in tests


def test_the_entry_points_of_the_page_are_those_of_the_example() -> None:
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    metadata = (EXAMPLE.parent / "pyproject.toml").read_text(encoding="utf-8")
    groups = {family_of(package).entry_points for package in FAMILIES}
    assert set(re.findall(r"`(airmedic\.[a-z]+)`", page.partition("* `airmedic doctor`")[0])) == groups
    assert set(re.findall(r'"(airmedic\.[a-z]+)"', metadata)) == groups
    assert 'negatives = "airmedic_example.negatives:Negatives"' in page


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of our sources in which each member of the example is one more file, and nothing else differs."""
    house = tmp_path_factory.mktemp("house")
    for root in ("include", "plugins"):
        shutil.copytree(ROOT / root, house / root, ignore=shutil.ignore_patterns("__pycache__"))
    for folder, name in ADDED.items():
        added = house / "include" / "airmedic_core" / folder / f"{name}.py"
        assert not added.exists()
        shutil.copy(EXAMPLE / f"{name}.py", added)
    return house


def in_house(house: Path, code: str) -> object:
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(house / "include"), str(house / "plugins")])}
    words = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, env=env, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_file_in_the_folder_is_a_member_of_ours(house: Path) -> None:
    told = in_house(
        house,
        """
        import json
        from airmedic_core.extensions import FAMILIES
        from airmedic_core.family import family_of
        new = {}
        for package in FAMILIES:
            family = family_of(package)
            for name in family.ours():
                if type(family.member(name)).__module__.endswith(NAMES):
                    new[package.removeprefix("airmedic_core.").replace(".", "/")] = name
        print(json.dumps(new))
        """.replace("NAMES", str(tuple(ADDED.values()))),
    )
    assert told == ADDED


def test_a_new_check_runs_without_being_named_and_new_members_can_be_chosen(house: Path) -> None:
    told = in_house(
        house,
        """
        import json
        from airmedic_core.actions import choices
        from airmedic_core.checks import running
        from airmedic_core.policy import Policy
        from airmedic_core.spec import parse_spec
        data = {"source": "json_lines", "path": "rows.jsonl", "time_column": "at"}
        spec = parse_spec({
            "name": "example", "task": "regression", "target": "y", "data": data, "rollout": "at_once",
            "notify": {"board_url": "http://127.0.0.1/"},
        })
        policy = Policy.model_validate({"permissions": [{"actions": ["restart_feed"], "permission": "ask"}]})
        print(json.dumps({
            "runs": "negatives" in running(spec),
            "form": choices()["restart_feed"],
            "policy": policy.permission("restart_feed", "production", "verified"),
            "notify": dict(spec.notify),
        }))
        """,
    )
    assert told == {
        "runs": True,
        "form": "Restart the feed",
        "policy": "ask",
        "notify": {"board": {"url": "http://127.0.0.1/"}},
    }
