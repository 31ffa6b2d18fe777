from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from airmedic_core.errors import SpecError
from airmedic_core.notifiers import (
    NOTIFIERS,
    Event,
    Notice,
    RoutedOptions,
    options_for,
    send_each,
    send_notice,
    send_once,
)
from airmedic_core.records import IncidentState, Severity
from airmedic_core.spec import ModelSpec, notify_in_full, parse_spec
from tests.core.packages import Install

NOTICE = Notice(Event.INCIDENT_OPENED, "renewals", "It is worse.", ("By 3 %.",), links=("http://page",))
TO_FILE = """
    from pathlib import Path

    from airmedic_core.notifiers import NotifierOptions

    class Options(NotifierOptions):
        path: str

    class ToFile:
        options = Options
        always = True

        def send(self, notice, options):
            Path(options.path).write_text(f"{notice.event}: {notice.text}")
"""
OFFER = {"airmedic.notifiers": {"to_file": "acme_pages:ToFile"}}


def spec_of(notify: object) -> ModelSpec:
    data = {"path": "rows.csv", "time_column": "at"}
    return parse_spec({"name": "example", "task": "regression", "target": "y", "data": data, "notify": notify})


def test_members_of_both_layers_are_known_without_airflow() -> None:
    assert NOTIFIERS.names() == ("email", "github", "jira", "log", "pagerduty", "slack", "webhook")


def test_the_log_is_told_whatever_is_chosen(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert send_notice(NOTICE, {}) == ("log",)
    assert "It is worse.\nBy 3 %.\nhttp://page" in caplog.text


def test_a_notice_is_bounded() -> None:
    assert len(Notice(Event.INFORMATION, "m", "x" * 10_000).text) == 3000


def test_a_notifier_of_a_package_is_told_where_a_spec_names_it(install: Install, tmp_path: Path) -> None:
    install("acme-pages", TO_FILE, OFFER)
    told = tmp_path / "told"
    # Its wish to be told always does not count: installing a package starts no messages.
    assert send_notice(NOTICE, spec_of({}).notify) == ("log",)
    assert send_notice(NOTICE, spec_of({"to_file": {"path": str(told)}}).notify) == ("log", "to_file")
    assert told.read_text() == "incident_opened: It is worse.\nBy 3 %.\nhttp://page"


def test_one_that_fails_keeps_nothing_from_the_others(
    install: Install, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install("acme-pages", TO_FILE, OFFER)
    chosen = spec_of({"to_file": {"path": str(tmp_path / "no" / "folder")}}).notify
    assert send_notice(NOTICE, chosen) == ("log",)
    assert "'It is worse.' could not be sent by the notifier to_file" in caplog.text


def test_a_notice_that_is_left_out_for_its_severity_is_not_on_record_as_begun() -> None:
    kept: list[tuple[str, str]] = []
    mild = replace(NOTICE, severity=Severity.LOW, key="k")
    chosen = {"webhook": {"from_severity": "high"}}
    for known in ({}, {"webhook": "begun"}):
        became = send_once(mild, chosen, known=known, record=lambda name, state: kept.append((name, state)))
        assert (became, kept) == ({"log": ""}, [])


def test_one_that_is_always_told_gets_the_options_of_the_spec_each_time() -> None:
    chosen = {"log": {"unheard_of": 1}}
    once = send_once(replace(NOTICE, key="k"), chosen, known={}, record=lambda name, state: None)
    assert once == send_each(NOTICE, chosen)
    assert "unheard_of" in once["log"]


def test_short_forms_are_the_options_of_the_notifier() -> None:
    full = {"slack": {"channel": "#models", "connection": "pager"}}
    assert notify_in_full({"slack_channel": "#models", "slack_connection": "pager"}) == full
    assert spec_of({"slack_channel": "#models", "slack": {"connection": "pager"}}).notify == full


@pytest.mark.parametrize(
    ("notify", "told"),
    [({"slak": {}}, "notify: there is no notifier 'slak'. Did you mean 'slack'"), ({"slak_channel": "#a"}, "notify")],
)
def test_an_unknown_notifier_is_refused(notify: object, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        spec_of(notify)


def test_an_unknown_option_names_the_closest() -> None:
    with pytest.raises(SpecError, match="Did you mean 'channel'"):
        options_for("slack", spec_of({"slack_chanel": "#models"}).notify["slack"])


def test_a_spec_says_from_which_severity_on_and_of_what_somebody_is_told() -> None:
    high = RoutedOptions(from_severity=Severity.HIGH, events=(Event.INCIDENT_OPENED,))
    assert RoutedOptions().wants(NOTICE)
    assert high.wants(NOTICE), "what is about no incident has no severity"
    assert high.wants(replace(NOTICE, severity=Severity.CRITICAL))
    assert not high.wants(replace(NOTICE, severity=Severity.MEDIUM))
    assert not high.wants(replace(NOTICE, event=Event.RECOMMENDED))
    # What it has opened is closed.
    over = replace(NOTICE, event=Event.INCIDENT_CLOSED, state=IncidentState.RESOLVED)
    assert high.wants(over)
    assert not high.wants(replace(over, state=IncidentState.ESCALATED))


def test_an_incident_that_was_escalated_is_not_over() -> None:
    closed = replace(NOTICE, event=Event.INCIDENT_CLOSED, state=IncidentState.RESOLVED)
    assert closed.is_over
    assert not replace(closed, state=IncidentState.ESCALATED).is_over
    assert not replace(closed, event=Event.INCIDENT_OPENED).is_over
