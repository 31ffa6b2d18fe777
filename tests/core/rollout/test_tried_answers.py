"""Which version answers which rows while one is tried beside the champion."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from airmedic_core.errors import ModelError
from airmedic_core.execution import carry_out, complete
from airmedic_core.rollout import health
from airmedic_core.scoring import score_window
from airmedic_core.traffic import Traffic
from airmedic_core.windows import Window
from tests.core.renewals import NOW, approved, day, incident_of
from tests.core.rollout.trials import CANARY, deployed, healthy_days, opened, without_files


def test_a_share_is_answered_by_the_canary_and_the_same_customers_stay_in_it(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    proposal = deployed(ws, "2", beside="1")
    scored = score_window(ws, Window(day(50), day(54)), tmp_path / "first.parquet")
    rows = pd.read_parquet(tmp_path / "first.parquet")
    versions = rows.groupby("customer").model_version.nunique()
    assert versions.max() == 1
    assert 0.25 < (rows.model_version == "2").mean() < 0.55
    assert scored.version == "1"
    ours = rows.model_version == "1"
    assert (rows.score[ours] == scored.scores[ours]).all()
    assert (rows.score[~ours] != scored.scores[~ours]).mean() > 0.9
    trial = ws.registry.trial("renewals")
    assert trial is not None
    assert ((rows.model_version == "2") == trial.answers(rows.customer)).all()
    ws.registry.begin_trial("renewals", trial.with_share(0.7, day(54)))
    score_window(ws, Window(day(50), day(54)), tmp_path / "second.parquet")
    later = pd.read_parquet(tmp_path / "second.parquet")
    assert set(rows.customer[~ours]) < set(later.customer[later.model_version == "2"])
    assert proposal.hash == trial.proposal_hash


def test_a_shadow_scores_beside_and_answers_nobody(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, strategy="shadow")
    proposal = deployed(ws, "2", beside="1")
    scored = score_window(ws, Window(day(50), day(51)), tmp_path / "out.parquet")
    answers, beside = (pd.read_parquet(tmp_path / name) for name in ("out.parquet", "out__tried.parquet"))
    assert set(answers.model_version) == {"1"}
    assert (answers.score == scored.scores).all()
    assert set(beside.model_version) == {"2"}
    assert len(beside) == len(answers)
    healthy_days(ws, 43, 44, 45, 46, 47)
    assert health(ws, proposal, now=NOW).status == "healthy"
    assert complete(ws, proposal.hash, now=NOW).status == "done"
    assert ws.registry.champion("renewals").version == "2"


def test_a_version_that_cannot_answer_is_not_tried(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    without_files(ws, tmp_path)
    proposal = approved(ws, incident_of(ws, 42), "deploy", {"version": "3", "gate": {"champion": "1"}})
    with pytest.raises(ModelError, match="3"):
        carry_out(ws, proposal.hash, now=NOW)
    assert ws.registry.trial("renewals") is None
    assert ws.registry.champion("renewals").version == "1"


@pytest.mark.parametrize("spoilt", ["no trial at all", '{"kind": "split"}'])
def test_the_champion_answers_where_the_trial_cannot_be_read(tried: Path, tmp_path: Path, spoilt: str) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    ws.registry.client.set_registered_model_tag("renewals", "airmedic.trial", spoilt)
    score_window(ws, Window(day(50), day(51)), tmp_path / "out.parquet")
    assert set(pd.read_parquet(tmp_path / "out.parquet").model_version) == {"1"}


def test_the_champion_answers_rows_without_a_key_and_rows_of_a_version_that_fails(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    proposal = deployed(ws, "2", beside="1")
    trial = ws.registry.trial("renewals")
    assert trial is not None
    assert not trial.answers([None, float("nan")], 1.0).any()
    ws.registry.end_trial("renewals", proposal.hash)
    without_files(ws, tmp_path)
    broken = Traffic("split", "3", "1", proposal.hash, NOW).with_share(0.9, day(1))
    ws.registry.begin_trial("renewals", broken)
    score_window(ws, Window(day(50), day(51)), tmp_path / "out.parquet")
    assert set(pd.read_parquet(tmp_path / "out.parquet").model_version) == {"1"}


@pytest.mark.parametrize("kind", ["string", "Int64", "object"])
def test_keys_of_each_kind_of_column_split_alike(kind: str) -> None:
    trial = Traffic("split", "2", "1", "a" * 64, NOW).with_share(0.5, day(1))
    keys = pd.Series([*range(50), None], dtype="Int64").astype(kind)
    assert trial.answers(keys).tolist() == [*trial.answers(list(range(50))).tolist(), False]


def test_whatever_the_tried_version_raises_the_champion_answers(
    tried: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    deployed(ws, "2", beside="1")
    monkeypatch.setattr(Traffic, "answers", lambda *_: 1 / 0)
    score_window(ws, Window(day(50), day(51)), tmp_path / "out.parquet")
    assert set(pd.read_parquet(tmp_path / "out.parquet").model_version) == {"1"}


def test_answers_are_written_where_the_source_has_columns_of_the_same_names(tried: Path, tmp_path: Path) -> None:
    ws = opened(tried, tmp_path, **CANARY)
    rows = pd.read_parquet(ws.spec.data.path)
    rows.assign(score=0.0, prediction=0, model_version="of old").to_parquet(ws.spec.data.path)
    deployed(ws, "2", beside="1")
    scored = score_window(ws, Window(day(50), day(51)), tmp_path / "out.parquet")
    written = pd.read_parquet(tmp_path / "out.parquet")
    assert set(written.model_version) == {"1", "2"}
    theirs = written.model_version == "2"
    assert (written.score[theirs] != scored.scores[theirs]).mean() > 0.9


@pytest.mark.parametrize("strategy", ["blue_green", "canary", "shadow"])
@pytest.mark.parametrize(
    ("column", "coefficient", "said"),
    [("tenure", float("nan"), "predictions are not finite"), ("height", 1.0, "takes the columns 'height'")],
)
def test_a_version_that_cannot_score_the_newest_rows_answers_nobody(
    tried: Path, tmp_path: Path, strategy: str, column: str, coefficient: float, said: str
) -> None:
    from sklearn.linear_model import LogisticRegression

    ws = opened(tried, tmp_path, strategy=strategy)
    rows = pd.read_parquet(ws.spec.data.path).head(200)
    inputs = rows[["usage", "tenure"]].rename(columns={"tenure": column})
    model = LogisticRegression().fit(inputs, rows["churned"])
    model.coef_[:] = coefficient
    run_id = ws.registry.version("renewals", "1").run_id
    spoilt = ws.registry.register(ws.spec, model, inputs.head(5), run_id=run_id, tags={}, reference=None)
    params = {"version": spoilt.version, "gate": {"champion": "1"}}
    proposal = approved(ws, incident_of(ws, 42), "deploy", params)
    with pytest.raises(ModelError, match=said):
        carry_out(ws, proposal.hash, now=NOW)
    assert ws.registry.champion("renewals").version == "1"
    assert ws.registry.trial("renewals") is None
    [attempt] = ws.ledger.actions(incident_id=proposal.incident_id)
    assert (attempt.status, said in attempt.summary) == ("failed", True)
