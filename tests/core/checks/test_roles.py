"""What the findings about a model say they are evidence of, so that nothing else has to know their names."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks import CHECKS, options_for, run_group
from airmedic_core.comparison import CheckContext, LabelledRows
from airmedic_core.metrics import losses
from airmedic_core.profile import build_profile, build_reference
from airmedic_core.records import Batch, Cause, Finding, Role, Verdict
from airmedic_core.scoring import ScoredBatch
from airmedic_core.spec import parse_spec
from airmedic_core.windows import as_utc

ROWS, DAYS = 200, 20
SPEC = parse_spec(
    {
        "name": "credit",
        "task": "binary",
        "target": "default",
        "data": {"path": "credit.parquet", "time_column": "at"},
        "features": {"numeric": ["amount"]},
        "prediction": {"score": "risk", "latency_ms": "latency"},
        "window": {"every": "day", "min_rows": ROWS},
    }
)


def rows(seed: int, days: int, *, moved: float = 0.0, turned: bool = False) -> pd.DataFrame:
    """Loans whose risk follows the amount; where it is turned, the small ones default a little more often."""
    rng = np.random.default_rng(seed)
    amount = rng.normal(moved, 1.0, ROWS * days)
    risk = 1.0 / (1.0 + np.exp(-2.0 * amount))
    return pd.DataFrame(
        {
            "at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(np.arange(ROWS * days) * 24 / ROWS, "h"),
            "amount": amount,
            "risk": risk,
            "latency": rng.normal(5000.0, 1.0, ROWS * days),
            "default": (rng.random(ROWS * days) < (0.7 - 0.4 * risk if turned else risk)).astype(float),
        }
    )


def labelled(frame: pd.DataFrame) -> LabelledRows:
    labels, scores = frame["default"].to_numpy(), frame["risk"].to_numpy()
    window = (np.arange(len(frame)) // ROWS).astype(np.intp)
    return LabelledRows(frame, labels, scores, losses("binary", labels, scores), window)


@pytest.fixture(scope="module")
def bad_day() -> CheckContext:
    """A day whose inputs moved, whose relation turned round, and whose answers were slow."""
    before, today = rows(0, DAYS), rows(1, 1, moved=1.0, turned=True)
    known = build_reference(SPEC, before, scores=before["risk"].to_numpy(), labels=before["default"].to_numpy())
    now = labelled(today)
    window = SPEC.window.step.last_complete(as_utc("2026-01-02"))
    return CheckContext(
        SPEC,
        Batch(SPEC.name, window, window.end, len(today)),
        today,
        known,
        build_profile(known.edges, today, score=now.scores, label=now.labels, loss=now.losses, window=window),
        ScoredBatch(now.scores, now.scores, now.labels, "2"),
        now,
        baseline_of=lambda: labelled(before),
        previous_of=lambda: ("1", 1.0 - now.scores),
    )


def findings_of(name: str, context: CheckContext) -> dict[tuple[str, str], Finding]:
    findings = CHECKS.member(name).run(context, options_for(SPEC, name))
    return {(finding.subject, finding.statistic): finding for finding in findings}


def test_a_moved_input_is_explained_by_another_unit_or_type(bad_day: CheckContext) -> None:
    finding = findings_of("drift", bad_day)["amount", "shift"]
    assert finding.verdict is Verdict.ALERT
    assert finding.role is Role.INPUT_MOVED
    assert set(finding.explained_by) == {Cause.UNIT_CHANGE, Cause.SCHEMA_CHANGE}


def test_a_loss_says_whether_it_decides(bad_day: CheckContext) -> None:
    findings = findings_of("performance", bad_day)
    assert findings["batch", "log_loss"].verdict is Verdict.ALERT
    assert findings["batch", "log_loss"].details["decides"]
    assert not findings["batch", "brier"].details["decides"]
    assert findings["batch", "since_deployment"].details["previous_version"] == "1"
    assert {finding.role for (subject, _), finding in findings.items() if subject == "batch"} == {Role.LOSS}


def test_what_cannot_be_known_for_want_of_labels_is_a_sentence(bad_day: CheckContext) -> None:
    few = replace(bad_day, labelled=None)
    ((_, finding),) = findings_of("performance", few).items()
    assert (finding.role, finding.verdict) == (Role.LOSS, Verdict.UNKNOWN)
    assert finding.details["not_knowable"].startswith("Whether the relation between inputs and label has changed: 0 ")


def test_what_takes_a_loss_apart_decides_although_it_may_be_in_order(bad_day: CheckContext) -> None:
    finding = findings_of("concept", bad_day)["batch", "relation_loss"]
    assert (finding.role, finding.suggests) == (Role.EXPLAINS_LOSS, (Cause.CONCEPT_DRIFT,))
    assert finding.details["decides"]
    mix = findings_of("concept", bad_day)["default", "class_mix"]
    assert (mix.role, mix.details["decides"]) == (Role.EXPLAINS_LOSS, False)


def test_an_estimated_loss_says_so(bad_day: CheckContext) -> None:
    finding = findings_of("estimate", replace(bad_day, labelled=None))["batch", "expected_loss"]
    assert (finding.role, finding.details["estimated"]) == (Role.LOSS, True)


def test_moved_scores_say_nothing_where_labels_tell_what_they_are_worth(bad_day: CheckContext) -> None:
    finding = findings_of("scores", bad_day)["batch", "shift"]
    assert (finding.verdict, finding.suggests) == (Verdict.OK, ())
    assert "The labels of these rows tell" in finding.message


def test_moved_scores_and_slow_answers(bad_day: CheckContext) -> None:
    assert bad_day.scored is not None
    unlabelled = replace(bad_day, scored=replace(bad_day.scored, labels=np.full(ROWS, np.nan)), labelled=None)
    scores, latency = findings_of("scores", unlabelled), findings_of("latency", bad_day)
    assert (scores["batch", "shift"].role, scores["batch", "shift"].verdict) == (Role.SCORES_MOVED, Verdict.ALERT)
    assert (latency["batch", "p99"].role, latency["batch", "p99"].verdict) == (Role.SERVICE, Verdict.ALERT)


def test_a_check_that_fails_says_so(bad_day: CheckContext) -> None:
    broken = replace(bad_day, profile=None)
    failed = [finding for finding in run_group(broken, "drift") if finding.details.get("failed")]
    assert {finding.check for finding in failed} >= {"drift", "scores"}
    assert {finding.verdict for finding in failed} == {Verdict.UNKNOWN}
