from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from airmedic_core.dag_files import KINDS, files_of, maker_of, text_of, write_dag_files

PROJECT = Path(__file__).resolve().parents[2]
FLEET = [f"model_{number:04}" for number in range(1_000)]


def shares(folder: Path) -> dict[str, str]:
    files = files_of("monitor", folder)
    return {model: maker_of(model, files).name for model in FLEET}


@pytest.mark.parametrize("kind", KINDS)
def test_the_dag_files_of_this_repository_are_what_the_command_writes(kind: str) -> None:
    assert (PROJECT / "dags" / f"{kind}.py").read_text() == text_of(kind)


def test_every_model_has_one_file_and_the_files_have_about_as_many(tmp_path: Path) -> None:
    write_dag_files(tmp_path, 25)
    sizes = Counter(shares(tmp_path).values())
    assert len(sizes) == 25
    assert sum(sizes.values()) == 1_000
    # 40 on average. A share is binomial with a standard deviation of 6.2, so that 4 of them reach from 15 to 65.
    assert min(sizes.values()) >= 15
    assert max(sizes.values()) <= 65


def test_a_file_that_is_added_takes_its_share_and_moves_no_other_model(tmp_path: Path) -> None:
    write_dag_files(tmp_path, 10)
    before = shares(tmp_path)
    write_dag_files(tmp_path, 11)
    after = shares(tmp_path)
    moved = {model for model in FLEET if before[model] != after[model]}
    assert {after[model] for model in moved} == {"monitor_11.py"}
    assert 0 < len(moved) < 200


def test_files_of_the_teams_own_with_a_similar_name_take_no_share(tmp_path: Path) -> None:
    write_dag_files(tmp_path, 2)
    for name in ("monitor_churn.py", "monitoring.py", "monitor_2_old.py", "monitor_.py"):
        (tmp_path / name).write_text("")
    assert [path.name for path in files_of("monitor", tmp_path)] == ["monitor.py", "monitor_2.py"]


def test_fewer_files_remove_what_was_written_and_keep_what_somebody_changed(tmp_path: Path) -> None:
    write_dag_files(tmp_path, 12)
    (tmp_path / "review_11.py").write_text("# ours\n")
    written, removed = write_dag_files(tmp_path, 10)
    assert written == []
    assert {path.name for path in removed} == {
        "monitor_11.py", "monitor_12.py", "remediate_11.py", "remediate_12.py", "review_12.py",
    }  # fmt: skip
    assert (tmp_path / "review_11.py").read_text() == "# ours\n"
