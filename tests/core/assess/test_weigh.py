"""How much must speak for a loss: in the only window there is, and where later ones will tell."""

from dataclasses import replace

import pytest

from airmedic_core.assess import weigh
from airmedic_core.records import Batch, Cause, Finding, Role, Verdict
from airmedic_core.windows import Window, as_utc

BATCH = Batch("demand", Window(as_utc("2026-01-01"), as_utc("2026-01-02")), as_utc("2026-01-02"), 24)
SHIFTS = (Cause.HARMFUL_COVARIATE_SHIFT, Cause.HARMLESS_COVARIATE_SHIFT)


def loss(verdict: Verdict, p_value: float) -> Finding:
    return Finding(
        "performance", "batch", "mae", verdict, value=60.0, baseline=30.0, limit=33.0, effect=-30.0, p_value=p_value,
        details={"decides": True}, role=Role.LOSS, suggests=(Cause.CONCEPT_DRIFT,) if verdict is Verdict.WATCH else (),
    )  # fmt: skip


def remaining(verdict: Verdict, bias: float, joint: float = 0.09) -> Finding:
    return Finding(
        "concept", "batch", "relation_loss", verdict, value=30.0, baseline=0.0,
        details={"bias_p_value": bias, "joint_p_value": joint},
        suggests=(Cause.CONCEPT_DRIFT,), role=Role.EXPLAINS_LOSS,
    )  # fmt: skip


def unexplained() -> Finding:
    return Finding(
        "concept", "batch", "relation_loss", Verdict.OK, value=20.0, baseline=0.0, suggests=(Cause.UNKNOWN,),
        role=Role.EXPLAINS_LOSS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("findings", "alone", "watched_further"),
    [
        ([loss(Verdict.OK, 0.08), remaining(Verdict.ALERT, 0.05)], "incident", "watch"),
        # Two looks at the same rows, each one in ten, prove less together.
        ([loss(Verdict.OK, 0.08), remaining(Verdict.ALERT, 0.08, joint=0.2)], "watch", "watch"),
        # A reason for a loss that may be chance is no incident, and not healthy either.
        ([loss(Verdict.OK, 0.04), remaining(Verdict.ALERT, 0.2)], "watch", "watch"),
        ([loss(Verdict.OK, 0.04), remaining(Verdict.OK, 0.001)], "healthy", "healthy"),
        ([loss(Verdict.OK, 0.2), remaining(Verdict.ALERT, 0.001)], "watch", "watch"),
        ([loss(Verdict.WATCH, 0.015)], "incident", "watch"),
        # Neither the relation nor the inputs explain it: more likely chance.
        ([loss(Verdict.WATCH, 0.015), unexplained()], "watch", "watch"),
        ([loss(Verdict.ALERT, 0.0005), unexplained()], "incident", "incident"),
        ([loss(Verdict.ALERT, 0.0005)], "incident", "incident"),
    ],
)
def test_a_loss_needs_less_proof_where_no_window_follows(
    findings: list[Finding], alone: str, watched_further: str
) -> None:
    assert weigh(BATCH, findings, only_window=True).outcome == alone
    assert weigh(BATCH, findings).outcome == watched_further


def test_health_is_claimed_of_what_was_measured_only() -> None:
    rows = Finding("volume", "batch", "rows", Verdict.OK)
    too_few = Finding("performance", "batch", "labels", Verdict.UNKNOWN, value=3, limit=40, role=Role.LOSS)
    assert "performance stay within their limits" in weigh(BATCH, [rows, loss(Verdict.OK, 0.5)]).headline
    for findings in ([rows], [rows, too_few]):
        assert weigh(BATCH, findings).headline.endswith("stay within their limits; performance could not be measured.")


def test_answers_that_move_while_no_input_does_are_an_incident() -> None:
    moved = Finding("scores", "batch", "shift", Verdict.ALERT, effect=-2.0, suggests=SHIFTS, role=Role.SCORES_MOVED)
    drifted = Finding("drift", "age", "shift", Verdict.ALERT, effect=0.5, suggests=SHIFTS, role=Role.INPUT_MOVED)
    watched = Finding("scores", "batch", "shift", Verdict.WATCH, effect=-0.2, suggests=SHIFTS, role=Role.SCORES_MOVED)
    alone, explained = weigh(BATCH, [moved]), weigh(BATCH, [moved, drifted])
    assert (alone.outcome, alone.cause) == ("incident", Cause.UNKNOWN)
    assert (explained.outcome, explained.cause) == ("incident", Cause.HARMLESS_COVARIATE_SHIFT)
    assert weigh(BATCH, [watched]).outcome == "watch"


def test_a_headline_quotes_no_message_on_a_private_column() -> None:
    named = Finding(
        "schema", "email", "not_numeric", Verdict.ALERT, message="20 % of email are no numbers, such as 'a@b.c'.",
        suggests=(Cause.SCHEMA_CHANGE,),
    )  # fmt: skip
    unknown = Finding("quality", "email=a@b.c", "error", Verdict.UNKNOWN, message="'a@b.c' could not be checked.",
                      details={"failed": True})  # fmt: skip
    assert "a@b.c" in weigh(BATCH, [named, unknown]).headline
    for findings in ([named, unknown], [unknown]):
        assessment = weigh(BATCH, findings, hidden=lambda subject: subject.startswith("email"))
        assert "a@b.c" not in assessment.headline
        assert "a@b.c" not in " ".join(assessment.not_knowable)


def test_a_few_rows_that_cost_much_are_one_sign_and_not_three() -> None:
    """They make the loss, what remains of it and the lean of the errors alike."""
    findings = [loss(Verdict.OK, 0.08), remaining(Verdict.ALERT, 0.001)]
    few = [replace(findings[0], details={**findings[0].details, "of_few_rows": True}), findings[1]]

    assert weigh(BATCH, findings, only_window=True).outcome == "incident"
    assert weigh(BATCH, few, only_window=True).outcome == "watch"
