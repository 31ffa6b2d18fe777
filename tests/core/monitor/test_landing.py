"""Which windows have files that are new, in a folder of local files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.errors import SpecError
from airmedic_core.ledger import Ledger
from airmedic_core.monitor.landing import Landing
from airmedic_core.reading.places import check_names, landed_files, window_of_file
from airmedic_core.records import Assessment, Batch, Cause, Severity
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window

FIRST = datetime(2026, 1, 29, tzinfo=UTC)


def day(number: int) -> Window:
    return Window(FIRST + timedelta(days=number), FIRST + timedelta(days=number + 1))


def spec_of(path: str) -> ModelSpec:
    return ModelSpec.model_validate(
        {"name": "churn", "task": "binary", "target": "left", "data": {"path": path, "time_column": "at"}}
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rows").mkdir()
    return tmp_path / "rows"


@pytest.fixture
def landing(folder: Path, tmp_path: Path) -> Landing:
    return Landing(
        spec_of(f"{folder}/{{window_start:%Y-%m-%d}}.csv"), Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    )


def land(folder: Path, number: int, text: str = "at\n") -> None:
    (folder / f"{day(number).start:%Y-%m-%d}.csv").write_text(text)


def record(ledger: Ledger, number: int, *, assessed: bool = True) -> None:
    batch = Batch("churn", day(number), day(number).end, 1)
    ledger.record_batch(batch, model_version="1")
    if assessed:
        ledger.record_assessment(batch, Assessment(batch.id, "healthy", Cause.HEALTHY, Severity.LOW, "Fine.", "f"))


def test_the_name_of_a_file_holds_its_window() -> None:
    spec = spec_of("/rows/{window_start:%Y}/{window_start:%m}/day={window_end:%Y-%m-%d}/part-*.parquet")
    assert window_of_file(spec, "/rows/2026/01/day=2026-01-30/part-7.parquet") == day(0)
    assert window_of_file(spec, "file:///rows/2026/01/day=2026-01-30/part-7.parquet") == day(0)
    for other in (
        "/rows/2026/02/day=2026-01-30/part-7.parquet",  # the folders contradict each other
        "/rows/2026/01/day=2026-01-30/sub/part-7.parquet",
        "/rows/2026/01/day=soon/part-7.parquet",
        "/elsewhere.csv",
    ):
        with pytest.raises(SpecError, match=r"is no file of data\.path"):
            window_of_file(spec, other)
    with pytest.raises(SpecError, match="names no file for each window"):
        window_of_file(spec_of("/rows/all.csv"), "/rows/all.csv")


def test_a_file_whose_name_is_no_window_is_passed_over(folder: Path) -> None:
    land(folder, 0)
    (folder / "2026-13-99.csv").write_text("at\n")
    assert list(landed_files(spec_of(f"{folder}/{{window_start:%Y-%m-%d}}.csv"))) == [day(0)]
    assert landed_files(spec_of(f"{folder}/none/{{window_start:%Y-%m-%d}}.csv")) == {}


def test_a_file_that_is_still_written_to_waits(landing: Landing, folder: Path) -> None:
    land(folder, 0)
    assert landing.look() == []
    land(folder, 0, "at\n2026-01-29\n")
    assert landing.look() == []
    assert landing.look() == [day(0)]
    assert landing.look() == []


def test_each_file_that_lands_is_told_once_and_again_when_it_is_written_anew(landing: Landing, folder: Path) -> None:
    land(folder, 0)
    landing.look()
    landing.look()
    land(folder, 2)
    land(folder, 1)
    assert [landing.look(), landing.look(), landing.look()] == [[], [day(1), day(2)], []]
    land(folder, 1, "at\n2026-01-30\n")
    assert [landing.look(), landing.look()] == [[], [day(1)]]


def test_of_a_model_that_was_never_monitored_only_the_newest_file_is_news(landing: Landing, folder: Path) -> None:
    for number in range(3):
        land(folder, number)
    assert [landing.look(), landing.look()] == [[], [day(2)]]


def test_when_the_looking_begins_again_what_is_on_record_is_no_news_and_what_was_missed_is(
    landing: Landing, folder: Path
) -> None:
    for number in range(5):
        land(folder, number)
    record(landing.ledger, 1)
    record(landing.ledger, 3)
    record(landing.ledger, 4, assessed=False)  # its run was cut off
    assert [landing.look(), landing.look()] == [[], [day(2), day(4)]]


@pytest.mark.parametrize(
    ("path", "file"),
    [
        (
            "/rows/year={window_start:%Y}/month={window_start:%m}/day={window_start:%d}/rows.csv",
            "/rows/year=2026/month=01/day=29/rows.csv",
        ),
        ("/rows/{window_start:%Y}{window_start:%m}{window_start:%d}-*.csv", "/rows/20260129-7.csv"),
        ("/rows/{window_start:%Y}/{window_start:%m}/{window_start:%Y-%m-%d}.csv", "/rows/2026/01/2026-01-29.csv"),
        ("/rows/{window_end:%Y}/{window_end:%j}.csv", "/rows/2026/030.csv"),
        ("/rows/{window_start}.csv", "/rows/2026-01-29 00:00:00+00:00.csv"),
    ],
)
def test_a_window_may_be_split_over_folders_and_the_name(path: str, file: str) -> None:
    spec = spec_of(path)
    assert window_of_file(spec, file) == day(0)
    check_names(spec)


@pytest.mark.parametrize("path", ["/rows/{window_start:%Y-%m}.csv", "/rows/{window_start:%m-%d}.csv", "/rows/all.csv"])
def test_a_path_that_does_not_tell_windows_apart_is_an_error(path: str) -> None:
    with pytest.raises(SpecError, match=r"does not tell windows of one day apart|names no file for each window"):
        check_names(spec_of(path))


def test_the_files_of_folders_by_date_are_seen(folder: Path) -> None:
    path = folder / "year=2026" / "month=01" / "day=29" / "rows.csv"
    path.parent.mkdir(parents=True)
    path.write_text("at\n")
    name = "year={window_start:%Y}/month={window_start:%m}/day={window_start:%d}/rows.csv"
    assert list(landed_files(spec_of(f"{folder}/{name}"))) == [day(0)]


def test_of_a_model_that_was_never_monitored_all_that_lands_after_the_looking_began_is_news(
    landing: Landing, folder: Path
) -> None:
    # Nothing is there when the looking begins; then three files land at once.
    assert landing.look() == []
    for number in range(3):
        land(folder, number)
    assert [landing.look(), landing.look()] == [[], [day(0), day(1), day(2)]]
