"""How likely a named cause is, and when another one is about as likely."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from importlib.resources import files

import pytest

from airmedic_core.assess import Likely, as_likely, likely_causes
from airmedic_core.assess.assurance import candidates, chance_of, signs_of
from airmedic_core.causes import Cause
from airmedic_core.records import Finding, Role, Verdict

BROKEN = Finding("sieve", "age", "nulls", Verdict.ALERT, sample_size=900, role=Role.DATA_FAULT,
                 suggests=(Cause.DATA_CORRUPTION, Cause.UNIT_CHANGE))  # fmt: skip
LOST = Finding("aim", "batch", "mae", Verdict.ALERT, sample_size=150, role=Role.LOSS, suggests=(Cause.CONCEPT_DRIFT,))
CALM = Finding("tide", "batch", "rows", Verdict.OK, sample_size=900)


def test_in_question_are_the_named_cause_those_that_findings_suggest_and_chance() -> None:
    assert candidates([BROKEN, LOST, CALM], Cause.DATA_CORRUPTION) == [
        Cause.DATA_CORRUPTION, Cause.UNIT_CHANGE, Cause.CONCEPT_DRIFT, Cause.HEALTHY,
    ]  # fmt: skip
    assert candidates([CALM], Cause.HEALTHY) == [Cause.HEALTHY]


def test_signs_count_what_speaks_for_a_cause_and_for_others() -> None:
    named = signs_of([BROKEN, LOST, CALM], Cause.DATA_CORRUPTION, Cause.DATA_CORRUPTION)
    assert {sign: value for sign, value in named.items() if value} == {
        "named: always": 1.0, "named: lies in the data": 1.0, "named: alerts for it (log)": math.log(2),
        "named: alerts of other causes (log)": math.log(2), "named: loss of performance": 1.0,
    }  # fmt: skip
    other = signs_of([BROKEN, LOST, CALM], Cause.CONCEPT_DRIFT, Cause.DATA_CORRUPTION)
    assert other["another: alerts of other faults of the data (log)"] == math.log(2)
    assert signs_of([LOST], Cause.CONCEPT_DRIFT, Cause.CONCEPT_DRIFT)["named: few rows"] == 1.0


def test_a_chance_is_the_logistic_function_of_the_weighed_signs() -> None:
    # By hand: 0.5 + 2 × 0.25 = 1, and 1 / (1 + 1/e) = 0.7311.
    assert chance_of({"a": 1.0, "b": 2.0, "unknown": 9.0}, {"a": 0.5, "b": 0.25}) == pytest.approx(0.7311, abs=1e-4)


def test_a_cause_is_as_likely_up_to_three_times_less() -> None:
    first, close, far = Likely(Cause.CONCEPT_DRIFT, 0.6), Likely(Cause.STALE_DATA, 0.21), Likely(Cause.HEALTHY, 0.19)
    assert as_likely([first, close, far]) == close
    assert as_likely([first, far]) is None
    assert as_likely([first]) is None


def test_every_weight_is_of_a_sign_that_is_read_and_says_what_it_was_fitted_on() -> None:
    stored = json.loads((files("airmedic_core.assess") / "assurance.json").read_text())
    read = {
        sign
        for cause in (Cause.DATA_CORRUPTION, Cause.CONCEPT_DRIFT, Cause.HEALTHY)
        for named in (Cause.DATA_CORRUPTION, Cause.HEALTHY)
        for sign in signs_of([BROKEN, LOST, CALM], cause, named)
    }
    assert set(stored["weights"]) == read
    assert sum(stored["provenance"]["cases"].values()) > 500
    brier = stored["provenance"]["brier score on domains left out"]
    assert brier["learnt"] < brier["before"]


def test_more_findings_for_a_cause_make_it_likelier_and_few_rows_less_likely() -> None:
    def chance(*findings: Finding) -> float:
        return likely_causes(findings, Cause.DATA_CORRUPTION)[0].chance

    again = Finding("sieve", "size", "nulls", Verdict.ALERT, sample_size=900, suggests=(Cause.DATA_CORRUPTION,))
    few = Finding("sieve", "age", "nulls", Verdict.ALERT, sample_size=90, suggests=(Cause.DATA_CORRUPTION,))
    assert chance(BROKEN, again) > chance(BROKEN) > chance(few)


def test_chances_are_read_without_loading_what_fits_them() -> None:
    code = (
        "import sys, airmedic_core.assess as a; from airmedic_core.causes import Cause; "
        "a.likely_causes([], Cause.HEALTHY); print([m for m in ('numpy', 'scipy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
