from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from airmedic_core.extras import LIBRARIES, is_installed, missing_extra, missing_library

PROJECT = Path(__file__).resolve().parents[2]


def test_the_extras_that_are_named_exist_and_are_in_all() -> None:
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {library.extra for library in LIBRARIES.values()}
    assert named <= set(extras)
    brought = set(extras["all"][0].removeprefix("airmedic[").removesuffix("]").split(","))
    # The extra `mlflow` brings the first. What speaks with a team's own queue or lineage is asked for by name.
    assert named - {"ledger", "kafka", "openlineage", "redis", "sqs"} <= brought
    assert extras["mlflow"][0] == "airmedic[ledger]"


def test_a_library_of_no_extra_is_left_to_its_own_error() -> None:
    assert missing_extra(ModuleNotFoundError("No module named 'xyz'", name="xyz")) is None
    assert missing_extra(ImportError("cannot import name 'x' from 'mlflow'", name="mlflow")) is None


def test_the_message_says_what_to_install() -> None:
    with pytest.raises(ModuleNotFoundError) as raised:
        __import__("mlflow.there_is_no_such_part")
    missing = missing_extra(raised.value)
    assert missing is not None
    assert missing.hint == 'Install it: pip install "airmedic[mlflow]"'
    assert missing_library("slack_sdk").problem == "The client of Slack is not installed."
    assert is_installed("mlflow")
    assert not is_installed("there_is_no_such_library")
