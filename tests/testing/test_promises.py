"""Each promise is broken here by a member made for it: a contract test that cannot fail says nothing."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from airmedic.testing import Arrangement, Setting, contract_tests, promises_of
from airmedic_core.actions import Action
from airmedic_core.checks import Check, CheckOptions
from airmedic_core.comparison import CheckContext
from airmedic_core.errors import NarrowingError, SpecError
from airmedic_core.extensions import FAMILIES
from airmedic_core.fitted import Answer, Means
from airmedic_core.flavours import FLAVOURS, Flavour
from airmedic_core.narrowing import Field, Number
from airmedic_core.notifiers import Notice, Notifier, NotifierOptions
from airmedic_core.records import ActionResult, Diagnosis, Finding, Incident, Json, Proposal, Verdict
from airmedic_core.workspace import Workspace

SWITCH = {"lamp": 0}


def promise(family: str, name: str) -> Callable[[Any, Setting], None]:
    return next(promise for promise in promises_of(family) if promise.__name__ == name)


class Options(CheckOptions):
    """No options."""


class Quiet(Check[Options]):
    group = "data"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        return [Finding("quiet", "batch", "rows", Verdict.OK, value=float(context.batch.rows))]


class Twice(Quiet):
    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        return super().run(context, options) * 2


class Keeps(Quiet):
    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        return [Finding("quiet", "batch", "rows", Verdict.OK, details={"rows": context})]


class Meddles(Quiet):
    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        context.frame["usage"] = 0.0
        return []


class CriesWolf(Quiet):
    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        mean = float(context.frame["usage"].mean())
        verdict = Verdict.ALERT if abs(mean) > 0.05 else Verdict.OK
        return [Finding("quiet", "usage", "mean", verdict, message=f"It is {mean}.")]


class Moody(Quiet):
    moods = itertools.count()

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        return [Finding("quiet", "batch", "mood", Verdict.OK, value=float(next(self.moods)))]


class NeedsRows(Quiet):
    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        return [Finding("quiet", "batch", "usage", Verdict.OK, value=context.frame["usage"].iloc[0])]


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        (Twice, "its_findings_have_keys_of_their_own_and_survive_json"),
        (Keeps, "its_findings_have_keys_of_their_own_and_survive_json"),
        (Meddles, "it_changes_nothing_that_it_is_given"),
        (CriesWolf, "a_resampled_reference_stays_silent"),
        (Moody, "it_says_the_same_of_the_same_rows"),
        (NeedsRows, "it_takes_an_empty_batch"),
    ],
)
def test_a_check_that_breaks_a_promise_fails_it(check: type[Quiet], broken: str, tmp_path: Path) -> None:
    # One of the checks damages its batches: they are not those of the other tests.
    own = {"title": "damaged"} if check is Meddles else {}
    setting = Setting("quiet", tmp_path, Arrangement(spec=own))
    promise("checks", broken)(Quiet(), setting)
    with pytest.raises((AssertionError, IndexError, ValueError)):
        promise("checks", broken)(check(), setting)


class Lamp(Action):
    """Switches a lamp on that stands for a team's own system; the ledger is asked on the way."""

    description = "Switches the lamp on."
    changes_production = True

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        return {"lamp": 3}, "There is light."

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        return dict(SWITCH)

    def dry_run(self, ws: Workspace, params: Json) -> str:
        return "The lamp would be on."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        by = ws.ledger.approved_by(proposal.hash)
        SWITCH["lamp"] = proposal.params["lamp"]
        ws.ledger.record_refusal(proposal.hash, "noted")
        return {"by": by}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        return [] if SWITCH["lamp"] == proposal.params["lamp"] else ["It is dark."]

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        SWITCH.update(snapshot)
        return "It is as it was."


class Counts(Lamp):
    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        SWITCH["lamp"] += 1
        return {}


class Rehearses(Lamp):
    def dry_run(self, ws: Workspace, params: Json) -> str:
        SWITCH["lamp"] = 3
        return "The lamp is on."


class Forgets(Lamp):
    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        return "Done."


class TrustsItsOutput(Lamp):
    """Undoes only what came to its end."""

    finished = False

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        self.finished = False
        output = super().apply(ws, proposal, now)
        self.finished = True
        return output

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        return super().undo(ws, proposal, snapshot, now) if self.finished else "There was nothing to undo."


class CountsAgain(Lamp):
    """Adds to what is there, and is cut off after that."""

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        by = ws.ledger.approved_by(proposal.hash)
        SWITCH["lamp"] += proposal.params["lamp"]
        ws.ledger.record_refusal(proposal.hash, "noted")
        return {"by": by}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        return []


class GoesOn(Lamp):
    """Takes each further process for a wish for more light."""

    def has_more(self, ws: Workspace, proposal: Proposal, done: ActionResult) -> bool:
        return True

    def again(self, ws: Workspace, proposal: Proposal, done: ActionResult, now: datetime) -> ActionResult:
        SWITCH["lamp"] += 1
        return done


class Dims(Lamp):
    """Lets approvers have less light."""

    def narrowing(self, proposal: Proposal) -> list[Field]:
        return [Number("lamp", "Light", proposal.params["lamp"], low=0.5, high=proposal.params["lamp"])]


class Shines(Dims):
    """Offers less light, and then plans all of it."""

    def narrowed(self, ws: Workspace, proposal: Proposal, chosen: Json) -> tuple[Json, str]:
        return proposal.params, proposal.expected


class Brings(Dims):
    """Offers less light, and plans a second lamp with it."""

    def narrowed(self, ws: Workspace, proposal: Proposal, chosen: Json) -> tuple[Json, str]:
        return {**proposal.params, **chosen, "second": 1}, proposal.expected


class Dazzles(Dims):
    """Lets a narrowed proposal be widened again."""

    def narrowing(self, proposal: Proposal) -> list[Field]:
        return [Number("lamp", "Light", proposal.params["lamp"], low=0.5, high=6.0 if proposal.parent else 3.0)]


class TakesAnything(Dims):
    """Believes the form."""

    def narrowing(self, proposal: Proposal) -> list[Field]:
        return [Trusting("lamp", "Light", proposal.params["lamp"], low=0.5, high=3.0)]


class Trusting(Number):
    def read(self, said: Any) -> Any:
        return said


class Unstoppable(Lamp):
    from airmedic_core.actions import StoppedBy

    stopped_by = StoppedBy.NOTHING


@pytest.mark.parametrize(
    ("action", "broken"),
    [
        (Unstoppable, "it_declares_its_traits"),
        (Counts, "twice_has_the_effect_of_once"),
        (Rehearses, "a_dry_run_changes_nothing"),
        (Forgets, "what_is_undone_is_as_it_was"),
        (TrustsItsOutput, "what_fails_half_way_can_be_undone"),
        (CountsAgain, "what_loses_its_connection_is_gone_on_with"),
        (CountsAgain, "what_dies_is_gone_on_with"),
        (CountsAgain, "what_hangs_lets_another_go_on"),
        (GoesOn, "two_at_once_do_it_once"),
        (TakesAnything, "its_bounds_hold"),
        (Shines, "what_is_narrowed_is_never_wider"),
        (Brings, "what_is_narrowed_is_never_wider"),
        (Dazzles, "what_is_narrowed_is_never_wider"),
    ],
)
def test_an_action_that_breaks_a_promise_fails_it(
    action: type[Lamp], broken: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    arranged = Arrangement(world=lambda _: dict(SWITCH))
    SWITCH["lamp"] = 0
    promise("actions", broken)(Dims(), Setting("hold", tmp_path_factory.mktemp("sound"), arranged))
    SWITCH["lamp"] = 0
    with pytest.raises((AssertionError, NarrowingError)):
        promise("actions", broken)(action(), Setting("hold", tmp_path_factory.mktemp("broken"), arranged))


class Mute(Notifier[NotifierOptions]):
    """Takes every notice and tells nobody."""

    options = NotifierOptions

    def send(self, notice: Notice, options: NotifierOptions) -> None: ...


def test_a_notifier_that_tells_nobody_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="has not arrived"):
        promise("notifiers", "it_sends_every_kind_of_notice")(
            Mute(), Setting("mute", tmp_path, Arrangement(told=lambda: ""))
        )


class Sloppy:
    """Reads a file, and takes the rows at a window's end too."""

    def read(self, spec: Any, window: Any, columns: Any) -> pd.DataFrame:
        rows = pd.read_parquet(spec.data.path).sort_values("at")
        return rows if window is None else rows[(rows["at"] >= window.start) & (rows["at"] <= window.end)]

    def count(self, spec: Any, window: Any) -> int:
        return len(self.read(spec, window, None))


@pytest.mark.parametrize("broken", ["a_window_holds_its_start_and_not_its_end"])
def test_a_source_that_breaks_a_promise_fails_it(broken: str, tmp_path: Path) -> None:
    def deliver(folder: Path, rows: pd.DataFrame) -> Json:
        rows.to_parquet(folder / "rows.parquet")
        return {"path": str(folder / "rows.parquet")}

    with pytest.raises(AssertionError):
        promise("sources", broken)(Sloppy(), Setting("file", tmp_path, Arrangement(deliver=deliver)))


def test_every_open_family_has_promises() -> None:
    for package in FAMILIES:
        assert promises_of(package.rpartition(".")[2])


def test_an_unknown_family_names_the_closest() -> None:
    with pytest.raises(SpecError, match="Did you mean 'checks'"):
        contract_tests("check")


def test_contract_tests_need_no_airflow() -> None:
    code = (
        "import sys\n"
        "from airmedic.testing import promises_of\n"
        "from airmedic_core.extensions import FAMILIES\n"
        "for package in FAMILIES: promises_of(package.rpartition('.')[2])\n"
        "sys.exit('airflow' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.fixture(autouse=True)
def _dark() -> Iterator[None]:
    yield
    SWITCH["lamp"] = 0


class Rounds(Flavour):
    """Answers with the sign of a column, and keeps it in a file."""

    def load(self, folder: Path) -> Any:
        return (folder / "column.txt").read_text(encoding="utf-8")

    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        positive = (rows[model] > 0).to_numpy() * 1.0
        return Answer(np.column_stack([1 - positive, positive]), Means.CLASSES, (0, 1))


class Relative(Rounds):
    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        return super().answer(model, rows.assign(usage=rows["usage"] - rows["usage"].iloc[0]))


class Guesses(Rounds):
    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        return super().answer(model, rows.assign(usage=-rows["usage"]))


class Scales(Rounds):
    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        rows["usage"] *= 2
        return super().answer(model, rows)


class Picky(Rounds):
    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        known = {"flex": 0.0, "year": 0.0}
        return Answer(super().answer(model, rows).values + rows[["plan"]].map(known.get).to_numpy(dtype=float))


@pytest.mark.parametrize(
    ("flavour", "broken"),
    [
        (Relative, "each_row_is_answered_for_itself"),
        (Guesses, "it_knows_more_than_chance"),
        (Scales, "it_leaves_the_rows_as_they_are"),
        (Picky, "what_it_never_saw_is_answered"),
    ],
)
def test_a_flavour_that_breaks_a_promise_fails_it(flavour: type[Rounds], broken: str, tmp_path: Path) -> None:
    setting = Setting("rounds", tmp_path, Arrangement(train=lambda rows, labels: "usage"))
    promise("flavours", broken)(Rounds(), setting)
    with pytest.raises(AssertionError):
        promise("flavours", broken)(flavour(), setting)


def test_a_model_that_comes_back_as_another_breaks_a_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arranged = Arrangement(train=fitted, categories=False)
    kept, lost = (Setting("sklearn", tmp_path / name, arranged) for name in ("kept", "lost"))
    for setting in (kept, lost):
        setting.folder.mkdir()
    promise("flavours", "a_registered_model_answers_as_before")(FLAVOURS.member("sklearn"), kept)
    other = fitted(pd.DataFrame({"usage": [0.0, 1.0], "tenure": [0.0, 0.0]}), pd.Series([1, 0]))
    monkeypatch.setattr(type(FLAVOURS.member("sklearn")), "load", lambda flavour, folder: other)
    with pytest.raises(AssertionError):
        promise("flavours", "a_registered_model_answers_as_before")(FLAVOURS.member("sklearn"), lost)


def fitted(rows: pd.DataFrame, labels: Any) -> Any:
    return LogisticRegression().fit(rows, labels)
