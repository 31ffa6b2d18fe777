from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Airmedic = Callable[..., tuple[int, str, str]]
PEOPLE = """
notify:
  email: {to: [anna@example.org]}
  github: {repository: acme/models}
  pagerduty: {}
  webhook: {}
"""


@pytest.fixture
def people(spec: Path) -> Path:
    """A model whose people are told in every way but Slack."""
    spec.write_text(spec.read_text() + PEOPLE)
    return spec


def test_a_preview_shows_every_way_and_needs_no_connection(people: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("notify", "--model", str(people), "--preview")
    assert code == 0
    assert "To: anna@example.org\nSubject: Test of" in out
    assert "acme/models, label airmedic" in out
    posted = json.loads(out.partition("── webhook")[2])
    assert (posted["event"], posted["incident"]) == ("incident_opened", "customers__test")
    alert = json.loads(out.partition("── pagerduty")[2].partition("── webhook")[0])
    assert (alert["event_action"], alert["dedup_key"]) == ("trigger", "customers__test")
    assert "routing_key" not in alert


def test_a_preview_says_where_nobody_is_called(people: Path, airmedic: Airmedic) -> None:
    out = airmedic("notify", "--model", str(people), "--preview", "--event", "reviewed")[1]
    assert "Nobody is called for reviewed." in out


def test_what_cannot_be_sent_is_told_for_each_way(people: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("notify", "--model", str(people))
    assert code == 1
    assert "There is no Airflow connection 'github_default'" in out
    assert out.count("failed") == 4


def test_what_was_not_sent_is_not_said_to_be(spec: Path, airmedic: Airmedic) -> None:
    spec.write_text(spec.read_text() + "\nnotify: {slack_channel: '#models', pagerduty: {events: [escalated]}}\n")
    code, out, _ = airmedic("notify", "--model", str(spec))
    assert code == 0
    assert "slack has sent nothing" in out
    assert "pagerduty is not told of such a notice" in out
    assert "took it" not in out


def test_an_event_that_nobody_knows_names_the_closest(people: Path, airmedic: Airmedic) -> None:
    code, _, err = airmedic("notify", "--model", str(people), "--event", "incident_open")
    assert code == 2
    assert "incident_opened" in err


def test_a_model_that_names_nobody_says_so(spec: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("notify", "--model", str(spec), "--preview")
    assert code == 0
    assert "names nobody under notify" in out
