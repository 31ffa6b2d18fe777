from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from airmedic_core.records import Assessment, Cause, Finding, RecommendedAction, Role, Severity, Verdict
from airmedic_core.reports.check_page import Side, check_page
from airmedic_core.spec import ModelSpec, parse_spec

SPEC: ModelSpec = parse_spec(
    {"name": "churn", "task": "binary", "target": "y", "data": {"path": "rows.csv", "time_column": "at"}}
)
ASSESSMENT = Assessment("b", "incident", Cause.DATA_CORRUPTION, Severity.HIGH, "Values are damaged.", "f")
REFERENCE = Side("good.csv", pd.DataFrame({"x": range(3)}), *(datetime(2026, 1, day, tzinfo=UTC) for day in (1, 31)))
CURRENT = Side("s3://key:pass@store/new.csv?sign=abc", pd.DataFrame({"x": [1]}), REFERENCE.first, REFERENCE.last)


def shown(*findings: Finding, **changed: Any) -> str:
    likely = changed.get("likely", (0.9, ""))
    return check_page(SPEC, ASSESSMENT, findings, changed.get("recommended", ()), REFERENCE, CURRENT, likely=likely)


def test_what_is_in_order_is_sorted_by_check_and_subject() -> None:
    order = [("drift", "b"), ("schema", "a"), ("drift", "a"), ("corruption", "z")]
    findings = [
        Finding(check, subject, "psi", Verdict.OK, effect=place) for place, (check, subject) in enumerate(order)
    ]
    cells = re.findall(r"<td>(\w+)</td><td class=.subject.>(\w+)</td>", shown(*findings))
    assert cells == sorted(order)


def test_it_says_how_sure_the_answer_is_and_what_is_about_as_likely() -> None:
    assert "severity high, confidence 90 %." in shown()
    assert "<p>About as likely is &lt;b&gt; a drift.</p>" in shown(likely=(0.4, "About as likely is <b> a drift."))


def test_actions_say_when_they_apply_and_cannot_bring_markup() -> None:
    action = RecommendedAction("hold", 1, "<i>wait</i>", condition="if it lasts")
    text = shown(recommended=[action])
    assert "<b>hold</b> (if it lasts): &lt;i&gt;wait&lt;/i&gt;" in text
    assert "What to do" not in shown()


def test_files_are_named_without_what_a_url_logs_in_with() -> None:
    text = shown()
    assert "good.csv" in text
    assert "s3://store/new.csv" in text
    assert "pass" not in text
    assert "sign" not in text


@pytest.mark.parametrize("file", ["https://anna:se#cret@host/new.csv", "s3://anna:se/cret@host/new.csv"])
def test_an_address_that_may_hide_a_password_in_its_path_is_not_shown(file: str) -> None:
    text = check_page(SPEC, ASSESSMENT, (), (), REFERENCE, replace(CURRENT, file=file), likely=(0.9, ""))
    assert "cret" not in text
    assert f"<td class='file'>{file.partition('://')[0]}://…</td>" in text


def test_words_stay_whole_and_wide_tables_scroll() -> None:
    text = shown(Finding("schema", "x", "missing", Verdict.ALERT), Finding("schema", "y", "missing", Verdict.OK))
    assert text.count("<table>") == text.count("<div class='wide'><table>") == 3
    # `anywhere` lets a column be as narrow as one letter: only those that are given a least width may have it.
    assert re.findall(r"([\w.]+) \{[^}]*anywhere", text) == ["td.says", "td.file"]
    assert "name='viewport'" in text


def test_pictures_show_then_and_now_and_how_far_columns_moved() -> None:
    moved = Finding(
        "drift", "x", "shift", Verdict.ALERT, value=0.7, baseline=0.5, limit=0.1, effect=0.4, role=Role.INPUT_MOVED
    )
    text = shown(moved)
    assert text.count("<svg class='picture'") == 2
    # Effect by limit, where no spread is known.
    assert "x: 4 of its usual range" in text


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    hostile = "</style></title><script src='//evil.example/x.js'></script><img src=http://evil.example/i.png>"
    findings = [Finding("drift", hostile, "psi", Verdict.ALERT, message=hostile)]
    text = shown(*findings, likely=(0.5, hostile))
    assert "default-src 'none'" in text
    assert not re.findall(r"<(?:script|link|img|iframe|object|embed|base)\b", text)
    assert not re.findall(r"\s(?:src|href|on\w+)\s*=", re.sub(r">[^<]*<", "><", text))


def test_the_page_is_bounded_however_many_columns_and_however_long_their_names() -> None:
    # A quote takes six characters in HTML: the worst that a name can hold.
    quotes = "'" * 5_000
    names = [f"{number}{quotes}" for number in range(2_000)]
    many = [Finding("drift", name, "psi", Verdict.OK, message=name) for name in names]
    many += [Finding("drift", name, "psi", Verdict.ALERT, message=name) for name in names]
    likely, left = (0.9, ""), dict.fromkeys(names, "It is text.")
    text = check_page(SPEC, ASSESSMENT, many, (), REFERENCE, CURRENT, likely=likely, not_monitored=left)
    # Two tables of 300 rows with a name of 60 and a sentence of 300 characters.
    assert len(text) < 2 * 300 * (6 * (60 + 300) + 400) + 100_000
    assert text.count("and 1,700 more: see --json") == 2
    assert text.count("Not monitored: ") == 30
    assert "and 1,970 more: see --json" in text
    usual = [Finding("drift", f"column {number}", "psi", Verdict.OK, message="As usual.") for number in range(1_500)]
    assert len(shown(*usual)) < 120_000
    assert "more: see --json" not in shown(*usual[:300])
