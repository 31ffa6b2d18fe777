"""Which folders a server logs to, and where the answers lie that a version gives beside the champion."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from airmedic_core.errors import SpecError
from airmedic_core.serving.log import PredictionLog, log_folder
from airmedic_core.serving.service import Service
from tests.core.renewals import day, renewals, workspace


@pytest.mark.parametrize("given", [".", "../here"])
def test_the_folder_that_one_stands_in_takes_a_log_too(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    log = PredictionLog(log_folder(Path(given)), "renewals", "at")
    for beside in (False, True):
        log.add(pd.DataFrame({"at": [day(1)], "score": [0.5]}), beside=beside)
    log.flush()
    written = [path.parent.parent.name for path in sorted(tmp_path.rglob("*.parquet"))]
    assert (written, log.problem) == (["here", "here_tried"], "")


def test_a_server_refuses_a_log_that_it_cannot_write_before_it_serves(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals(changed_on=30, per_day=20))
    (tmp_path / "file").touch()
    for folder in (Path("/"), tmp_path / "file"):
        with pytest.raises(SpecError, match="is no folder that a server logs to"):
            Service(ws, folder)
