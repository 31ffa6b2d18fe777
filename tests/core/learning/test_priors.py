"""Priors out of files: bounded, with a source, and refused with what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.causes import Cause
from airmedic_core.errors import SpecError
from airmedic_core.learning.outcomes import Tally
from airmedic_core.learning.posterior import posterior
from airmedic_core.learning.priors import built_in, load_priors, priors_of
from airmedic_core.ledger import EVERY_MODEL, Ledger

WHY = "source: Ten years of running these models."


def written(folder: Path, content: str) -> Path:
    (folder / "priors.yaml").write_text(content)
    return folder


def one(entry: str, cause: str = "label_shift", action: str = "retrain") -> str:
    return f"priors: {{{cause}: {{{action}: {{{entry}}}}}}}\n"


def test_each_prior_of_the_package_is_in_bounds_and_names_a_remedy_of_its_cause() -> None:
    table = built_in()
    assert len(table) > 10
    for (cause, action), prior in table.items():
        assert action in cause.fitting_actions
        assert prior.source.strip()


def test_without_outcomes_the_rules_order_of_remedies_is_the_priors_order() -> None:
    table = built_in()
    for cause in Cause:
        means = [
            table[cause, remedy.action].mean
            for remedy in cause.traits.remedies
            if (cause, remedy.action) in table and not remedy.condition
        ]
        assert means == sorted(means, reverse=True), cause


def test_a_team_s_own_prior_holds_in_place_of_the_package_s_and_leaves_the_others(tmp_path: Path) -> None:
    table = load_priors(written(tmp_path, one(f"mean: 0.9, weight: 20, {WHY}")))
    assert (table[Cause.LABEL_SHIFT, "retrain"].mean, table[Cause.LABEL_SHIFT, "retrain"].weight) == (0.9, 20)
    assert table[Cause.LABEL_SHIFT, "recalibrate"] == built_in()[Cause.LABEL_SHIFT, "recalibrate"]


def test_without_outcomes_the_posterior_is_the_prior(tmp_path: Path) -> None:
    priors = priors_of(Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}"), tmp_path)
    prior = priors.prior(Cause.CONCEPT_DRIFT, "retrain", place=0, weight=8)
    seen = posterior(prior, Tally())
    assert seen.mean == pytest.approx(prior.mean)
    # Quantiles of Beta(5.6, 2.4) by the midpoint rule on two million steps.
    assert (seen.low, seen.high) == (pytest.approx(0.4210, abs=1e-4), pytest.approx(0.9193, abs=1e-4))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[1, 2]", "hold no keys"),
        ("priors: 3", "priors"),
        ("priors: {label_shift: {retrain: 0.5}}", "retrain"),
        (one(f"mean: 1.5, {WHY}"), "mean"),
        (one(f"mean: .nan, {WHY}"), "mean"),
        (one(f"mean: 0, {WHY}"), "mean"),
        (one(f"mean: 0.5, weight: 100000, {WHY}"), "weight"),
        (one(f"mean: 0.5, weight: -1, {WHY}"), "weight"),
        (one("mean: 0.5"), "source"),
        (one("mean: 0.5, source: ''"), "source"),
        (one(f"mean: 0.5, source: {'x' * 400}"), "source"),
        (one(f"mean: 0.5, wieght: 3, {WHY}"), "wieght: unknown key"),
        (one(f"mean: 0.5, {WHY}", cause="lable_shift"), "Did you mean 'label_shift'"),
        (one(f"mean: 0.5, {WHY}", action="retrian"), "Did you mean 'retrain'"),
        ("a: &a [x, x]\nb: &b [*a, *a]\n" + "c: " + "[" * 60 + "]" * 60, "cannot be read"),
        ("priors: !!python/object/apply:os.system ['true']", "cannot be read"),
        ("priors: {label_shift: {retrain: &r {mean: *r}}}", "cannot be read"),
        ("x" * 1_000_001, "cannot be read"),
    ],
)
def test_hostile_or_mistaken_priors_are_refused_with_what_is_wrong(tmp_path: Path, content: str, problem: str) -> None:
    with pytest.raises(SpecError, match=problem) as refused:
        load_priors(written(tmp_path, content))
    assert "priors.yaml" in str(refused.value)
    assert len(str(refused.value)) < 2000


def test_faulty_priors_stop_no_remediation_and_are_named(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    priors = priors_of(ledger, written(tmp_path, one("mean: 0.5")))
    assert priors.written == built_in()
    assert "source" in priors.problem


def test_a_changed_prior_of_a_cause_that_is_gone_is_left_out_and_said(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    for name in ("gone_with_an_older_version.retrain", "label_shift.retrain"):
        ledger.set_override(EVERY_MODEL, "prior", name, {"mean": 0.4, "weight": 9}, author="eve", reason="doubt")
    priors = priors_of(ledger, tmp_path)
    assert priors.changed.keys() == {(Cause.LABEL_SHIFT, "retrain")}
    assert "gone_with_an_older_version.retrain" in priors.problem
