"""Says what each check promises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from airmedic.testing.production import day, renewals
from airmedic.testing.setting import FLIPPED_ON, PER_DAY, REFERENCE_DAYS, Arrangement, Setting, resampled
from airmedic_core.checks import GROUPS, Check
from airmedic_core.comparison import CheckContext
from airmedic_core.records import ABNORMAL, Batch, Finding, Verdict, from_json, to_json
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_HEALTHY = range(32, 34)
"""Days after the reference that hold its own rows, drawn anew."""
_CHANGED = FLIPPED_ON + 1


def it_has_a_group_and_options_with_defaults(check: Check[Any], setting: Setting) -> None:
    """Its options can be left out, and each says what it is for."""
    assert check.group in GROUPS, f"group is {check.group!r}, which is none of {GROUPS}"
    check.options()
    assert check.options.__doc__, "its options have no docstring"
    for threshold in check.thresholds:
        assert threshold.check == setting.name, f"it lets reviews move {threshold.key}, an option of another check"
        assert threshold.option in check.options.model_fields, f"it has no option {threshold.option!r} to move"


def it_takes_an_empty_batch(check: Check[Any], setting: Setting) -> None:
    """Hours without a row happen; what that means is for the check of volume to say."""
    _sound(_run(check, setting, _scenes(_key(setting)).empty), setting.name)


def a_resampled_reference_stays_silent(check: Check[Any], setting: Setting) -> None:
    """Rows of the reference, drawn anew, are no alarm at any size."""
    for context in _scenes(_key(setting)).healthy:
        findings = _run(check, setting, context)
        alarms = [finding.message or finding.key for finding in findings if finding.verdict is Verdict.ALERT]
        assert not alarms, f"{context.batch.rows} rows of the reference alarm: {alarms}"


def its_findings_have_keys_of_their_own_and_survive_json(check: Check[Any], setting: Setting) -> None:
    """Findings are kept by key, as JSON, and read by people."""
    for context in _scenes(_key(setting)).few:
        _sound(_run(check, setting, context), setting.name)


def it_changes_nothing_that_it_is_given(check: Check[Any], setting: Setting) -> None:
    """All checks of a group share one context."""
    for context in _scenes(_key(setting)).few:
        frame, profile = context.frame.copy(deep=True), repr(context.profile)
        _run(check, setting, context)
        assert context.frame.equals(frame), "it changed the rows"
        assert repr(context.profile) == profile, "it changed the profile"


def it_says_the_same_of_the_same_rows(check: Check[Any], setting: Setting) -> None:
    """A task that is repeated must not say something else."""
    for context in _scenes(_key(setting)).few:
        first, second = (_run(check, setting, context) for _ in range(2))
        assert list(map(to_json, first)) == list(map(to_json, second))


PROMISES = (
    it_has_a_group_and_options_with_defaults,
    it_takes_an_empty_batch,
    a_resampled_reference_stays_silent,
    its_findings_have_keys_of_their_own_and_survive_json,
    it_changes_nothing_that_it_is_given,
    it_says_the_same_of_the_same_rows,
)


@dataclass(frozen=True)
class _Scenes:
    """Batches of the generated production, each with all that it is compared with."""

    healthy: tuple[CheckContext, ...]
    changed: CheckContext
    """After the relation between inputs and outcome has changed."""
    empty: CheckContext

    @property
    def few(self) -> tuple[CheckContext, ...]:
        """One of each kind."""
        return self.healthy[0], self.changed, self.empty


@cache
def _scenes(spec: str) -> _Scenes:
    """Open the batches once: opening takes longer than any check, and checks change nothing."""
    import pandas as pd

    healthy = []
    for per_day in (PER_DAY, 5 * PER_DAY):
        ws = _workspace(spec, per_day)
        reference = renewals(days=REFERENCE_DAYS, per_day=per_day)
        drawn = resampled(reference, days=_HEALTHY, per_day=per_day, seed=per_day)
        pd.concat([reference, drawn], ignore_index=True).to_parquet(ws.spec.data.path)
        healthy += [_context(ws, number, rows=per_day) for number in _HEALTHY]
    ws = _workspace(spec, PER_DAY)
    changed = _context(ws, _CHANGED, rows=PER_DAY)
    rows = renewals(changed_on=FLIPPED_ON)
    rows[rows["at"].dt.date != day(_CHANGED).date()].to_parquet(ws.spec.data.path)
    return _Scenes(tuple(healthy), changed, _context(ws, _CHANGED, rows=0))


def _key(setting: Setting) -> str:
    return json.dumps(dict(setting.arranged.spec), sort_keys=True)


def _workspace(spec: str, per_day: int) -> Workspace:
    arranged = Arrangement(spec=json.loads(spec))
    return Setting("", Path(mkdtemp(prefix="airmedic_testing")), arranged).workspace(per_day=per_day)


def _context(ws: Workspace, number: int, *, rows: int) -> CheckContext:
    from airmedic_core.monitor.context import open_context

    return open_context(ws, Batch(ws.spec.name, Window(day(number), day(number + 1)), day(number + 3), rows))


def _run(check: Check[Any], setting: Setting, context: CheckContext) -> list[Finding]:
    return check.run(context, check.options.model_validate(dict(setting.arranged.options)))


def _sound(findings: list[Finding], name: str) -> None:
    keys = [finding.key for finding in findings]
    assert len(set(keys)) == len(keys), f"keys are used twice: {sorted(key for key in keys if keys.count(key) > 1)}"
    for finding in findings:
        assert finding.check == name, f"{finding.key} is of the check {finding.check!r}"
        assert finding.verdict not in ABNORMAL or finding.message, f"{finding.key} has no message"
        plain = to_json(finding)
        json.dumps(plain, allow_nan=False)
        again = to_json(from_json(Finding, plain))
        assert again == plain, f"{finding.key} is not what it was after JSON"
