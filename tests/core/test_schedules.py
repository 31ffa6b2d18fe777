from __future__ import annotations

import pytest

from airmedic_core.errors import SpecError
from airmedic_core.schedules import check_schedule


@pytest.mark.parametrize(
    "text",
    [
        "@daily",
        "@continuous",
        "asset:s3://rows/churn",
        "partitions:s3://rows/churn",
        "watch:files",
        "watch:redis:churn@redis_eu",
        "0 6 * * *",
        "*/15 8-18 * * mon-fri",
        "0 0 1,15 JAN-JUN ?",
        "0 12 * * 5#3",
        "0 0 L * *",
        "*/90 * * * *",
        "0 6 * * * 30",
    ],
)
def test_what_airflow_takes_is_taken(text: str) -> None:
    assert check_schedule(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("every day", "not a schedule"),
        ("every other day of week", "not a schedule"),
        ("daily", "not a schedule"),
        ("", "not a schedule"),
        ("* * * *", "not a schedule"),
        ("61 * * * *", "the minute 61"),
        ("0 24 * * *", "the hour 24"),
        ("0 0 0 * *", "the day 0"),
        ("@dayly", "Did you mean '@daily'"),
        ("asset:", "names no asset"),
        ("partitions: ", "names no asset"),
        ("watch:", "names no watcher"),
    ],
)
def test_anything_else_is_an_error(text: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        check_schedule(text)
