"""Says what each notifier promises."""

from __future__ import annotations

from typing import Any

from airmedic.testing.setting import Setting
from airmedic_core.notifiers import Event, Notice, Notifier
from airmedic_core.records import Severity

_FULL = Notice(
    Event.INCIDENT_OPENED,
    "renewals",
    "renewals is worse: “roc_auc” fell by 3 %.",
    ("First <line> & *stars*", "Second line"),
    incident_id="renewals__2026-02-15__f1",
    severity=Severity.HIGH,
    links=("https://mlflow.example/runs/1",),
)
_LEAST = Notice(Event.INFORMATION, "", "Something happened.")


def it_sends_every_kind_of_notice(notifier: Notifier[Any], setting: Setting) -> None:
    """A notice may hold little or much, and any characters."""
    for notice in (_FULL, _LEAST, *(Notice(event, "renewals", f"{event} happened.") for event in Event)):
        notifier.send(notice, _options(notifier, setting))
        if setting.arranged.told is not None:
            told = setting.arranged.told()
            assert notice.headline in told, f"{notice.headline!r} has not arrived; what has is {told!r}"


def its_options_are_documented(notifier: Notifier[Any], setting: Setting) -> None:
    """A team reads in the docstring what a key is for."""
    assert notifier.options.__doc__, "its options have no docstring"
    _options(notifier, setting)


PROMISES = (it_sends_every_kind_of_notice, its_options_are_documented)


def _options(notifier: Notifier[Any], setting: Setting) -> Any:
    return notifier.options.model_validate(dict(setting.arranged.options))
