from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from airmedic_core.bounded_yaml import MOST_BYTES, MOST_DEPTH, parse_yaml, read_yaml
from airmedic_core.errors import SpecError
from airmedic_core.policy import load_policy
from airmedic_core.spec import load_spec

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 9)
)
"""A few hundred bytes that stand for 9 to the power of 9 values: half a billion."""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "values with all aliases"),
        ("[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1), "levels of nesting"),
        # libyaml refuses so many itself, from 0.2.6 on.
        ("[" * 100_000, "levels of nesting|maximum nesting depth"),
        ("a: &a [*a]", "values with all aliases"),
        ("a: &a 1\nb: [" + ", ".join(["*a"] * 201) + "]", "aliases"),
        ("a: " + "x" * MOST_BYTES, "characters"),
    ],
)
def test_what_is_beyond_the_bounds_is_refused_before_it_is_built(text: str, says: str) -> None:
    with pytest.raises(yaml.YAMLError, match=says):
        parse_yaml(text)


def test_what_is_within_them_is_read_as_ever() -> None:
    text = "base: &base {gate: {margin: 0.01}}\nfirst: *base\nsecond: {<<: *base, rows: 5}"
    assert parse_yaml(text) == yaml.safe_load(text)
    assert parse_yaml("") is None


def test_a_spec_and_a_policy_of_aliases_are_refused(tmp_path: Path) -> None:
    assert len(BOMB) < 1000
    (tmp_path / "bomb.yaml").write_text(BOMB, encoding="utf-8")
    with pytest.raises(SpecError, match="values with all aliases"):
        load_spec(tmp_path / "bomb.yaml")
    with pytest.raises(SpecError, match="values with all aliases"):
        load_policy(tmp_path, "bomb")


def test_a_large_file_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b" " * (MOST_BYTES + 1))
    with pytest.raises(yaml.YAMLError, match="bytes"):
        read_yaml(path)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "spec.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(SpecError, match="no file" if kind != "folder" else "cannot be read"):
        load_spec(path)


@pytest.mark.parametrize("name", ["../secret", "/etc/policy", "a/b", "", ".", "..", "a\0b", "x" * 64])
def test_names_of_policies_are_names(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.yaml").write_text("permissions: []", encoding="utf-8")
    folder = tmp_path / "policies"
    folder.mkdir()
    with pytest.raises(SpecError, match="is not the name of a policy"):
        load_policy(folder, name)
