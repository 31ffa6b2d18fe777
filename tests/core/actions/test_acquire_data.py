"""Made rows in a training: marked, compared on real rows, kept only where they surely help, and refused after a drift.

The contract of the action is held to in ``test_contract``.
"""

from pathlib import Path
from tempfile import mkdtemp

import pandas as pd
import pytest

from airmedic.testing.production import NOW, approved, copy_of, day, incident_of, observe, renewals, workspace
from airmedic_core.acquired_rows import MARK, stored_files
from airmedic_core.actions import ACTIONS, acquire_data
from airmedic_core.asked_labels import record_answers, row_ids
from airmedic_core.errors import TrainingError
from airmedic_core.execution import carry_out, undo
from airmedic_core.records import ActionResult, Cause, Diagnosis, Incident, Permission, Proposal, RankedCause, Severity
from airmedic_core.sources import read_window
from airmedic_core.training.adopt import adopt
from airmedic_core.training.contest import Contest, Recipe
from airmedic_core.training.fit import challenger_of
from airmedic_core.training.withheld import withheld_rows
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

ACTION = ACTIONS.member("acquire_data")
MOVED_ON = 50
MOVED = Window(day(MOVED_ON), day(MOVED_ON + 1))


@pytest.fixture(scope="module")
def adopted() -> Path:
    """A model whose inputs move on a day of which no label is known."""
    rows = renewals()
    late = rows["at"] >= day(MOVED_ON)
    blank = {"churned": rows["churned"].astype(float).where(~late), "known_at": rows["known_at"].where(~late)}
    folder = Path(mkdtemp(prefix="airmedic_acquire"))
    adopt(workspace(folder, rows.assign(usage=rows["usage"] + 1.0 * late, **blank)), by="anna")
    return folder


@pytest.fixture
def ws(adopted: Path, tmp_path: Path) -> Workspace:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "default.yaml").write_text("permissions: [{actions: [acquire_data], permission: ask}]")
    return copy_of(adopted, tmp_path)


def diagnosed(incident: Incident, cause: Cause) -> Diagnosis:
    return Diagnosis(incident.id, "rules", (RankedCause(cause, 0.9),), Severity.HIGH, "Inputs moved.", (), "0" * 64)


def planned(ws: Workspace) -> Proposal:
    incident = incident_of(ws, MOVED_ON, Cause.HARMFUL_COVARIATE_SHIFT)
    diagnosis = diagnosed(incident, Cause.HARMFUL_COVARIATE_SHIFT)
    params, expected = ACTION.plan(ws, incident, diagnosis)
    assert "otherwise one without" in expected
    assert ACTION.plan(ws, incident, diagnosis)[0] == params
    return approved(ws, incident, "acquire_data", params)


def carried_out(ws: Workspace, proposal: Proposal) -> ActionResult:
    result = carry_out(ws, proposal.hash, now=NOW)
    assert result.status == "done"
    return result


@pytest.mark.parametrize("cause", [Cause.CONCEPT_DRIFT, Cause.LABEL_SHIFT, Cause.UNIT_CHANGE, Cause.UNKNOWN])
def test_after_a_change_of_the_relation_nothing_is_made(ws: Workspace, cause: Cause) -> None:
    incident = incident_of(ws, MOVED_ON, cause)
    for diagnosis in (None, diagnosed(incident, cause)):
        with pytest.raises(TrainingError, match=f"The cause is {cause.words}"):
            ACTION.plan(ws, incident, diagnosis)
    assert not stored_files(ws).exists()


@pytest.mark.parametrize("features", [["lags"], ["dates", "group_means"]])
def test_where_a_row_depends_on_others_nothing_is_made(adopted: Path, tmp_path: Path, features: list[str]) -> None:
    ws = copy_of(adopted, tmp_path, retrain={"window": "30 days", "features": features})
    with pytest.raises(TrainingError, match=f"retrain.features names {features[-1]}"):
        ACTION.plan(ws, incident_of(ws, MOVED_ON, Cause.HARMFUL_COVARIATE_SHIFT), None)


def test_what_people_have_labelled_is_not_resembled(ws: Workspace) -> None:
    ids = [str(row) for row in row_ids(ws.spec, read_window(ws.spec, MOVED))]
    incident = incident_of(ws, MOVED_ON, Cause.HARMFUL_COVARIATE_SHIFT)
    before, _ = ACTION.plan(ws, incident, None)
    params = {"window": MOVED.key, "rows": ids}
    request = Proposal("i", "renewals", "request_labels", params, "", Permission.AUTO, "", NOW, NOW)
    record_answers(ws, request, [(row, 1) for row in ids[:10]], by="ada", now=incident.as_of)
    after, _ = ACTION.plan(ws, incident, None)
    assert (before["count"], after["count"]) == (60, 50)
    # The withheld time ends with the 26th row then: what has no label before may get one, and be judged on.
    record_answers(ws, request, [(ids[25], 0)], by="ada", now=incident.as_of)
    assert ACTION.plan(ws, incident, None)[0]["count"] == 60 - 26


def test_the_newest_window_of_the_incident_is_resembled(ws: Workspace) -> None:
    incident = incident_of(ws, MOVED_ON - 1, Cause.HARMFUL_COVARIATE_SHIFT)
    incident = ws.ledger.attach_batch(
        incident.id, observe(ws, MOVED_ON, outcome="incident", cause=Cause.HARMFUL_COVARIATE_SHIFT)
    )
    assert incident.window == Window(day(MOVED_ON - 1), day(MOVED_ON))
    assert Window.from_key(ACTION.plan(ws, incident, None)[0]["moved"]) == MOVED


def test_the_gates_rows_are_not_looked_at_before_the_gate(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    real = Contest.compared

    def noted(self: Contest, recipe: Recipe) -> object:
        compared.append((self.earlier, self.later, recipe.acquired))
        return real(self, recipe)

    monkeypatch.setattr(Contest, "compared", noted)
    output = carried_out(ws, planned(ws)).output
    ((earlier, later, made),) = compared
    withheld = Window.from_key(output["withheld_window"])
    assert later["at"].max() < withheld.start
    assert earlier["at"].max() < later["at"].min()
    assert made is not None
    assert made[MARK].all()
    # One version comes of it, in place of two.
    assert [version.version for version in ws.registry.versions(ws.spec.name)] == ["2", "1"]


def test_rows_whose_labels_are_known_are_trained_on_themselves(ws: Workspace) -> None:
    incident = incident_of(ws, 40, Cause.HARMFUL_COVARIATE_SHIFT)
    with pytest.raises(TrainingError, match="there is nothing to make"):
        ACTION.plan(ws, incident, None)


def test_rows_that_do_not_surely_help_are_left_out(ws: Workspace) -> None:
    proposal = planned(ws)
    assert proposal.params["count"] == 60
    assert "Up to 60 rows are made on a copy" in ACTION.changes(proposal)[0]
    result = carried_out(ws, proposal)
    output = result.output
    # The relation is a sigmoid that HistGradientBoosting has learned on 1,800 rows: 60 more of the same teach nothing.
    assert output["kept"] is False
    assert output["gain"]["low"] <= 0
    assert "do not surely help" in result.summary
    assert len(list(stored_files(ws).glob("*"))) == 1
    challenger = ws.registry.by_alias(ws.spec.name, "challenger")
    assert challenger is not None
    assert (challenger.version, challenger.tags["airmedic.proposal_hash"]) == (output["version"], proposal.hash)
    assert "airmedic.tried" not in challenger.tags
    assert "acquired" not in ws.registry.client.get_run(challenger.run_id).data.params
    assert ws.registry.champion(ws.spec.name).version == "1"
    assert "The made rows are removed." in undo(ws, proposal.hash, now=NOW).summary
    assert not list(stored_files(ws).glob("*"))


def test_rows_that_help_stay_as_a_marked_copy_that_no_evaluation_reads(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acquire_data, "surely_better", lambda compared: compared.outcome != "not_comparable")
    proposal = planned(ws)
    output = carried_out(ws, proposal).output
    assert output["kept"] is True
    (place,) = stored_files(ws).glob("*")
    made = pd.read_parquet(place)
    assert made[MARK].all()
    assert set(made["airmedic_label_from"]) <= {"neighbours", "teachers"}
    assert len(made) == output["acquired"]["rows"]
    challenger = ws.registry.version(ws.spec.name, output["version"])
    run = ws.registry.client.get_run(challenger.run_id)
    assert output["acquired"]["sha256"] in run.data.params["acquired"]
    # MLflow gets hash, counts and origins, and never the rows, private columns among them.
    home = Path(ws.settings.tracking_uri.removeprefix("sqlite:///")).parent
    assert not [copy for copy in home.rglob(place.name) if copy != place]
    names = [entry.path for entry in ws.registry.client.list_artifacts(challenger.run_id, "airmedic")]
    assert names
    assert not [name for name in names if name.endswith(".parquet")]
    held = withheld_rows(ws, challenger_of(ws, challenger), day(MOVED_ON + 3))
    assert MARK not in held.columns
    assert held["at"].max() < day(MOVED_ON), "a made row has the time of the moved ones"
    # No model takes the mark, and the reference is of real rows.
    assert MARK not in ws.registry.inputs(challenger).columns
    assert carry_out(ws, proposal.hash, now=NOW).output == output
    assert Window.from_key(proposal.params["moved"]) == Window(day(MOVED_ON), day(MOVED_ON + 1))
