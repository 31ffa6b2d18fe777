from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

Airmedic = Callable[..., tuple[int, str, str]]


@pytest.fixture
def halves(home: Path, rows: Path) -> tuple[Path, Path]:
    """The first fifty days as the reference, one of the days after as the window."""
    frame = pd.read_csv(rows)
    day = frame["seen_at"].str[:10]
    reference, current = home / "reference.parquet", home / "current.csv"
    frame[day < "2026-02-20"].to_parquet(reference)
    frame[day == "2026-02-22"].to_csv(current, index=False)
    return reference, current


def arguments(spec: Path, halves: tuple[Path, Path]) -> list[str]:
    return ["check", "--model", str(spec), "--reference", str(halves[0]), "--current", str(halves[1])]


def test_a_healthy_day_ends_in_zero(spec: Path, halves: tuple[Path, Path], airmedic: Airmedic) -> None:
    code, out, _ = airmedic(*arguments(spec, halves), "--json", "-")
    assert code == 0, out
    result = json.loads(out)
    assert result["healthy"] is True
    assert result["cause"] == "healthy"
    assert {"severity", "confidence", "findings", "recommended_actions", "not_knowable", "not_monitored"} <= set(result)


def test_a_broken_day_ends_in_one_and_the_page_needs_nothing_else(
    home: Path, spec: Path, halves: tuple[Path, Path], airmedic: Airmedic
) -> None:
    frame = pd.read_csv(halves[1])
    frame["calls"] = 0
    frame["plan"] = "</td><script>alert(1)</script>"
    frame.to_csv(halves[1], index=False)
    page = home / "page.html"
    code, out, _ = airmedic(*arguments(spec, halves), "--json", str(home / "out.json"), "--html", str(page))
    assert code == 1, out
    result = json.loads((home / "out.json").read_text())
    assert result["cause"] in {"data_corruption", "schema_change"}
    assert 0.5 <= result["confidence"] < 1
    assert result["causes"][0] == {"cause": result["cause"], "confidence": result["confidence"]}
    assert result["recommended_actions"]
    text = page.read_text()
    assert "<svg" in text
    assert "<script" not in text
    assert "src=" not in text
    # What the terminal says is on the page too, with the files and their time: it is passed on without them.
    assert f"<b>{result['recommended_actions'][0]['action']}</b>" in text
    assert str(halves[0]) in text
    assert str(halves[1]) in text
    assert "2026-01-01 00:00:00 UTC … 2026-02-19 23:" in text
    assert "2026-02-22 00:" in text


def test_files_with_american_dates_lose_no_row(
    home: Path, spec: Path, halves: tuple[Path, Path], airmedic: Airmedic
) -> None:
    paths = home / "reference_us.csv", home / "current_us.csv"
    for path, frame in zip(paths, (pd.read_parquet(halves[0]), pd.read_csv(halves[1])), strict=True):
        frame["seen_at"] = pd.to_datetime(frame["seen_at"]).dt.strftime("%m/%d/%Y %H:%M")
        frame.to_csv(path, index=False)
    as_iso, as_us = airmedic(*arguments(spec, halves), "--json", "-"), airmedic(*arguments(spec, paths), "--json", "-")
    assert as_us[0] == 0, as_us[1]
    assert json.loads(as_us[1]) == json.loads(as_iso[1])


def test_times_that_cannot_be_read_end_in_two(spec: Path, halves: tuple[Path, Path], airmedic: Airmedic) -> None:
    frame = pd.read_csv(halves[1])
    frame["seen_at"] = pd.to_datetime(frame["seen_at"]).dt.strftime("%d of %B %Y")
    frame.to_csv(halves[1], index=False)
    code, _, err = airmedic(*arguments(spec, halves))
    assert code == 2
    assert "'22 of February 2026'" in err
    assert "data.time_format" in err


def test_without_labels_it_still_answers(spec: Path, halves: tuple[Path, Path], airmedic: Airmedic) -> None:
    pd.read_csv(halves[1]).drop(columns="churned").to_csv(halves[1], index=False)
    code, out, _ = airmedic(*arguments(spec, halves), "--json", "-")
    assert code == 0
    assert json.loads(out)["headline"].endswith("performance could not be measured.")


def test_a_target_that_neither_file_has_ends_in_two(spec: Path, halves: tuple[Path, Path], airmedic: Airmedic) -> None:
    spec.write_text(spec.read_text().replace("target: churned", "target: churn"))
    code, _, err = airmedic(*arguments(spec, halves))
    assert code == 2
    assert "Did you mean 'churned'?" in err


@pytest.mark.parametrize("content", [None, b"", b"seen_at,plan\n"])
def test_what_cannot_be_checked_ends_in_two(
    spec: Path, halves: tuple[Path, Path], airmedic: Airmedic, content: bytes | None
) -> None:
    halves[1].unlink()
    if content is not None:
        halves[1].write_bytes(content)
    code, _, err = airmedic(*arguments(spec, halves))
    assert code == 2
    assert err


def test_a_reference_of_a_few_rows_ends_in_two(spec: Path, halves: tuple[Path, Path], airmedic: Airmedic) -> None:
    pd.read_parquet(halves[0]).head(12).to_parquet(halves[0])
    code, _, err = airmedic(*arguments(spec, halves))
    assert code == 2
    assert "The reference has 12 rows; at least 30 are needed." in err


def test_a_terminal_of_80_columns_shows_what_is_usual_and_no_cut_words(
    spec: Path, halves: tuple[Path, Path], airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = airmedic(*arguments(spec, halves))
    assert code == 0
    lines = re.sub(r"\x1b\[[\d;]*m", "", out).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    text = " ".join(" ".join(lines).split())
    assert re.search(r"Performance: AUC [\d.]+ \([\d.]+ … [\d.]+\), accepted: at least [\d.]+, usual: [\d.]+", text)
    assert re.search(r"Largest move: \w+ [+−±][\d.]+ .*, (within|beyond) the usual ±[\d.]+\.", text)
