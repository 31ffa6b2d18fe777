"""What `make matrix` runs, and what it writes of it, without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.matrix import PARTS, PROJECT, Part, pytest_arguments
from scripts.matrix_page import NOT_RUN, Results


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.title)
@pytest.mark.parametrize("everything", [False, True])
def test_every_test_that_it_names_is_there(part: Part, everything: bool) -> None:
    for argument in pytest_arguments(part, everything=everything):
        path, _, name = argument.removeprefix("--ignore=").partition("::")
        assert (PROJECT / path).exists()
        assert not name or f"def {name}(" in (PROJECT / path).read_text(encoding="utf-8")


def test_results_of_single_parts_stand_beside_each_other_and_what_has_not_run_says_so(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    for versions, part in (("lowest", "engine"), ("highest", "a remediation")):
        results = Results.load(path)
        results.versions[versions] = {"Python": "3.11.7"}
        results.parts.setdefault(versions, {})[part] = "passed: 5"
        results.keep()
    lines = Results.load(path).table(["lowest", "highest"], ["engine", "a remediation"]).splitlines()
    assert lines[2] == "| Python | 3.11.7 | 3.11.7 |"
    assert lines[3] == "| apache-airflow | – | – |"
    assert lines[-2:] == [f"| **engine** | passed: 5 | {NOT_RUN} |", f"| **a remediation** | {NOT_RUN} | passed: 5 |"]
