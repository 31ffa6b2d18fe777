"""Pictures are SVG that any reader of XML takes, whose places follow from the values."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from airmedic_core.profile.bars import compare_values
from airmedic_core.records import GateResult, Promotion
from airmedic_core.reports.decision_trace import Step, Trace
from airmedic_core.reports.measured import level_words, since_words
from airmedic_core.reports.pictures import (
    Canvas,
    distribution_picture,
    gate_picture,
    metric_picture,
    moves_picture,
    trace_picture,
)
from airmedic_core.reports.points import MetricPoint, Move
from airmedic_core.windows import Window

HOSTILE = "</svg><script>alert(1)</script>'\" onload=\u202e漢字 &amp; http://evil.example/x"
SVG = "{http://www.w3.org/2000/svg}"
DAY = datetime(2026, 2, 1, tzinfo=UTC)


def read(picture: Canvas | None) -> ET.Element:
    assert picture is not None
    return ET.fromstring(picture.file())  # noqa: S314  our own


def texts(picture: Canvas | None) -> list[str]:
    return [shape.text or "" for shape in read(picture).iter(f"{SVG}text")]


def days(values: list[float | None], *, limit: float = 0.75) -> list[MetricPoint]:
    return [
        MetricPoint(
            Window(DAY + timedelta(days=place), DAY + timedelta(days=place + 1)),
            outcome="incident" if value is not None and value < limit else "healthy",
            value=value,
            low=None if value is None else value - 0.02,
            high=None if value is None else value + 0.02,
            limit=limit,
            higher_is_better=True,
        )
        for place, value in enumerate(values)
    ]


def test_the_metric_stands_with_title_interval_level_incidents_and_deployments() -> None:
    switch = Promotion("churn", "1", "2", "deploy", DAY + timedelta(days=4, hours=12), "grace")
    picture = metric_picture("roc_auc", days([0.8, 0.79, None, 0.6, 0.8]), [switch])
    assert texts(picture)[0] == "AUC by window, higher is better"
    drawn = read(picture)
    kinds = [shape.get("class") for shape in drawn.iter()]
    # Four of five windows were measured, each with a line for its interval. The window between them parts the accepted
    # level in two. The legend shows the strokes of the accepted level and of deployments once more.
    assert (kinds.count("whisker"), kinds.count("limit"), kinds.count("switch")) == (4, 2 + 1, 1 + 1)
    assert {"v2", "1 Feb", "accepted level", "deployment"} <= set(texts(picture))
    dots = {shape[0].text: float(shape.get("cy", 0)) for shape in drawn.iter(f"{SVG}circle") if len(shape)}
    assert (
        dots["2026-02-04: AUC 0.6 (0.58 … 0.62), accepted 0.75"]
        > dots["2026-02-01: AUC 0.8 (0.78 … 0.82), accepted 0.75"]
    )
    # The window without a value parts the line: one piece of two windows before it, one of two after it.
    lines = [shape for shape in drawn.iter(f"{SVG}polyline") if shape.get("class") == "now-line"]
    assert [len(shape.get("points", "").split()) for shape in lines] == [2, 2]


def test_the_accepted_level_is_a_step_that_names_its_version_and_a_version_stands_where_it_was_judged_first() -> None:
    served = [
        replace(point, version="1" if place < 2 else "2", limit=0.75 if place < 2 else 0.65, outcome=outcome)
        for place, (point, outcome) in enumerate(
            zip(days([0.8, 0.7, 0.68, 0.7]), ("healthy", "incident", "watch", "healthy"), strict=True)
        )
    ]
    # The rows are of February, and the clock by which the champion was switched is that of May.
    switch = Promotion("churn", "1", "2", "deploy", DAY + timedelta(days=90), "grace")
    picture = metric_picture("roc_auc", served, [switch])
    assert {"level of v2", "v2", "incident", "watched", "deployment"} <= set(texts(picture))
    drawn = read(picture)
    (level,) = [shape for shape in drawn.iter(f"{SVG}polyline") if shape.get("class") == "limit"]
    points = [tuple(map(float, point.split(","))) for point in level.get("points", "").split()]
    # Two points for each window, and between the second and the third window it falls straight down.
    assert len(points) == 8
    assert points[3][0] == points[4][0]
    assert points[3][1] < points[4][1]
    (line,) = [shape for shape in drawn.iter(f"{SVG}line") if shape.get("class") == "switch"][:1]
    assert float(line.get("x1", 0)) == points[4][0]
    # Each colour of a point is in the legend, which holds the last circles of the picture.
    dots = [shape.get("class") for shape in drawn.iter(f"{SVG}circle")]
    assert dots == ["now", "bad", "warn-dot", "now", "bad", "warn-dot"]


def test_a_level_that_steps_says_why() -> None:
    first, second = days([0.8, 0.8])
    assert level_words([first, second]) == ""
    told = level_words([replace(first, version="1"), replace(second, version="2", limit=0.65)])
    assert "It is no bar that somebody has moved. Version 2 has 0.65, and version 1 had 0.75" in told


def test_what_a_version_gained_is_told_of_windows_and_names_them() -> None:
    served = [
        replace(point, version="1" if place < 2 else "2")
        for place, point in enumerate(days([0.8, 0.7, 0.76, None, 0.8]))
    ]
    # The mean of 0.76 and 0.8 is 0.78.
    assert since_words("roc_auc", served) == (
        "AUC 0.70 in the last window of version 1 (2 Feb), 0.78 on average in the 2 windows of version 2 since"
    )
    assert since_words("roc_auc", served[:2]) == ""


def test_one_window_is_no_picture() -> None:
    assert metric_picture("roc_auc", days([0.8])) is None
    assert metric_picture("roc_auc", days([None, None, 0.8])) is None


def test_bars_are_as_tall_as_their_shares() -> None:
    then, now = compare_values(pd.Series(["card"] * 3 + ["cash"]), pd.Series(["card", "cash", "cash", "cash"]))
    bars = [
        (shape.get("class"), float(shape.get("width", 0)))
        for shape in read(distribution_picture("paid", then, now)).iter(f"{SVG}rect")
        if shape.get("class") in {"then", "now"} and shape.get("height") == "7.0"
    ]
    # Three quarters and a quarter change sides.
    assert [kind for kind, _ in bars] == ["then", "now", "then", "now"]
    assert bars[0][1] == pytest.approx(3 * bars[1][1], rel=0.01)
    assert bars[3][1] == pytest.approx(3 * bars[2][1], rel=0.01)


def test_a_column_without_values_is_no_picture() -> None:
    nothing = pd.Series([None, None], dtype=object)
    assert distribution_picture("x", *compare_values(nothing, nothing)) is None
    assert distribution_picture("x", *compare_values(pd.Series([1.0, 2.0]), nothing)) is not None


def test_moves_are_measured_by_what_is_usual() -> None:
    picture = moves_picture(
        [Move("lead_time", -0.6, 0.3, "standard deviations", "alert"), Move("age", 0.1, 0.1, "", "ok")]
    )
    told = {shape[0].text: float(shape.get("width", 0)) for shape in read(picture).iter(f"{SVG}rect") if len(shape)}
    wide, narrow = told["lead_time: 2 of its usual range"], told["age: 1 of its usual range"]
    assert wide == pytest.approx(2 * narrow, rel=0.01)
    assert moves_picture([]) is None


def test_a_gate_shows_segments_and_margin() -> None:
    segment = {"segment": HOSTILE, "difference": -0.04, "low": -0.06, "high": -0.02}
    gate = GateResult("refused", "roc_auc", (), "1", "2", 0.7, 0.72, 0.02, 0.01, 0.03, -0.01, 1200, 30, (segment,))
    picture = gate_picture(gate)
    kinds = [shape.get("class") for shape in read(picture).iter()]
    assert (kinds.count("good-line"), kinds.count("bad-line")) == (1, 1)
    assert "accepted down to -0.01" in texts(picture)
    assert gate_picture(GateResult("inconclusive", "roc_auc", ())) is None


def test_a_trace_keeps_all_of_its_words() -> None:
    trace = Trace()
    trace.add(Step("a", "fact", "Batch", ("one " * 30,)))
    trace.add(Step("b", "bad", HOSTILE))
    told = " ".join(texts(trace_picture(trace)))
    assert told.count("one") == 30
    assert "alert(1)" in told


def test_hostile_text_stays_text() -> None:
    trace = Trace()
    trace.add(Step("a", "fact", HOSTILE, (HOSTILE,)))
    then, now = compare_values(pd.Series([HOSTILE]), pd.Series([HOSTILE]))
    move = Move(HOSTILE, 1.0, 1.0, "", "ok")
    for picture in (trace_picture(trace), distribution_picture(HOSTILE, then, now), moves_picture([move])):
        tags = {shape.tag.removeprefix(SVG) for shape in read(picture).iter()}
        assert tags <= {"svg", "style", "rect", "text", "title", "line", "polyline", "circle"}
        attributes = {name for shape in read(picture).iter() for name in shape.attrib}
        assert not {name for name in attributes if name.startswith("on") or name in {"href", "src"}}
