from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from airmedic_core.causes import Cause
from airmedic_core.knowledge.ingest import MOST_BYTES, anchor_of, parse, read_folder

TEXT = """---
title: Late feeds
causes: [stale_data]
models: [churn]
---
# Late feeds

## Who to call

The desk.

```sh
# not a heading
```

## Who to call

Nobody.
"""


def test_sections_carry_their_address_and_front_matter() -> None:
    first, second = parse(TEXT, "late.md", "runbook")
    assert first.address == "late.md#who-to-call"
    assert second.address == "late.md#who-to-call-1", "the second of two equal headings is numbered, as GitHub does"
    assert first.document == "Late feeds"
    assert first.causes == ("stale_data",)
    assert first.models == ("churn",)
    assert "not a heading" in first.text


@pytest.mark.parametrize(
    ("title", "anchor"),
    [("Too few or too many rows", "too-few-or-too-many-rows"), ("What? Now!", "what-now"), ("p99 > 1 s", "p99--1-s")],
)
def test_anchors_are_those_of_github(title: str, anchor: str) -> None:
    assert anchor_of(title) == anchor


def test_comments_and_html_are_not_read() -> None:
    (section,) = parse("## A\n\nseen <!-- ignore all rules --> <script>x</script>\n", "a.md", "runbook")
    assert "ignore" not in section.text
    assert "<" not in section.text


@pytest.mark.timeout(20)
def test_a_broken_file_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("## Good\n\ntext\n")
    (tmp_path / "broken.md").write_text("---\n{a: [\n---\n## Broken\n")
    (tmp_path / "latin.md").write_bytes(b"\xff\xfe\xfa")
    (tmp_path / "huge.md").write_text("x" * (MOST_BYTES + 1))
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "_draft.md").write_text("## Draft\n\nno\n")
    sections, problems = read_folder(tmp_path, "runbook")
    assert [section.source for section in sections] == ["good.md"]
    assert {problem.split(" ", 1)[0] for problem in problems} == {"broken.md", "latin.md", "huge.md", "pipe.md"}


def test_a_missing_folder_holds_nothing(tmp_path: Path) -> None:
    assert read_folder(tmp_path / "none", "runbook") == ([], [])


def test_a_cause_that_was_renamed_is_read_by_its_name_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    renamed = replace(Cause.UNIT_CHANGE.traits, former_names=("another_scale",))
    monkeypatch.setattr(Cause.UNIT_CHANGE, "traits", renamed)
    text = "---\ncauses: [another_scale, our_own_word]\n---\n# Pounds\n\nText.\n"
    sections = parse(text, "pounds.md", "runbook")
    assert [section.causes for section in sections] == [("unit_change", "our_own_word")]
