"""Says what each flavour promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic.testing.production import renewals, workspace
from airmedic.testing.setting import Setting
from airmedic_core.errors import ModelError
from airmedic_core.flavours import FittedModel
from airmedic_core.flavours.contract import Flavour
from airmedic_core.inputs import Inputs
from airmedic_core.scoring import meaning_of, read_answer
from airmedic_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

_INPUTS = Inputs.of(["usage", "tenure"], ["plan"])
_NUMBERS = Inputs.of(["usage", "tenure"], [])
_DAYS = 10
_ROUNDING = 1e-5
"""Sets how far an answer may move while a model is written and read: some libraries round to 32 bits."""


def it_knows_more_than_chance(flavour: Flavour, setting: Setting) -> None:
    """The meaning of its answers can be seen from them, and they rank the rows."""
    _, rows, model = _trained(setting)
    scores = _scores(setting, rows, flavour.answer(model, _inputs(setting).prepare(rows)))
    churned = rows["churned"].to_numpy() == 1
    assert scores[churned].mean() > scores[~churned].mean()


def a_registered_model_answers_as_before(flavour: Flavour, setting: Setting) -> None:
    """The model that is read from MLflow is the one that was trained."""
    ws, rows, model = _trained(setting)
    prepared = _inputs(setting).prepare(rows)
    before = flavour.answer(model, prepared)
    loaded = _registered(ws, setting, model, rows)
    assert loaded.flavour == setting.name
    after = loaded.answer(prepared)
    assert (after.means, after.classes, after.columns) == (before.means, before.classes, before.columns)
    assert np.allclose(after.values.astype(float), before.values.astype(float), atol=_ROUNDING)


def each_row_is_answered_for_itself(flavour: Flavour, setting: Setting) -> None:
    """A row's answer does not depend on the rows beside it, nor on how many there are."""
    _, rows, model = _trained(setting)
    prepared = _inputs(setting).prepare(rows)
    some = prepared.iloc[5:8]
    many, few = flavour.answer(model, prepared).values[5:8], flavour.answer(model, some).values
    assert np.allclose(many.astype(float), few.astype(float), atol=_ROUNDING)


def what_it_never_saw_is_answered(flavour: Flavour, setting: Setting) -> None:
    """A new category, or a missing one, is no reason to answer nothing."""
    import pandas as pd

    _, rows, model = _trained(setting)
    strange = rows.head(2).assign(plan=pd.Series(["unheard of", None], dtype=object))
    assert np.isfinite(flavour.answer(model, _inputs(setting).prepare(strange)).values.astype(float)).all()


def it_leaves_the_rows_as_they_are(flavour: Flavour, setting: Setting) -> None:
    """The same rows are looked at by others."""
    _, rows, model = _trained(setting)
    prepared = _inputs(setting).prepare(rows)
    before = prepared.copy(deep=True)
    flavour.answer(model, prepared)
    assert prepared.equals(before)
    assert list(prepared.dtypes) == list(before.dtypes)


def it_is_fitted_again_or_says_why_not(flavour: Flavour, setting: Setting) -> None:
    """A model that is fitted again is another one, with the same settings; the one that serves stays as it is."""
    ws, rows, model = _trained(setting)
    loaded = _registered(ws, setting, model, rows)
    prepared = _inputs(setting).prepare(rows)
    before = loaded.answer(prepared).values
    try:
        fresh = loaded.unfitted()
    except ModelError:
        # The message is an action's, and stands in the decision.
        return
    assert fresh is not loaded.native
    fresh.fit(flavour.arrange(fresh, prepared), 1 - rows["churned"])
    assert np.array_equal(loaded.answer(prepared).values, before)
    turned = _scores(setting, rows, flavour.answer(fresh, prepared))
    assert np.corrcoef(turned, _scores(setting, rows, loaded.answer(prepared)))[0, 1] < 0


PROMISES = (
    it_knows_more_than_chance,
    a_registered_model_answers_as_before,
    each_row_is_answered_for_itself,
    what_it_never_saw_is_answered,
    it_leaves_the_rows_as_they_are,
    it_is_fitted_again_or_says_why_not,
)


def _inputs(setting: Setting) -> Inputs:
    return _INPUTS if setting.arranged.categories else _NUMBERS


def _trained(setting: Setting) -> tuple[Workspace, pd.DataFrame, Any]:
    assert setting.arranged.train is not None, "a flavour is arranged with train, which fits a model on rows"
    rows = renewals(days=_DAYS)
    ws = workspace(setting.folder, rows, **setting.arranged.spec)
    return ws, rows, setting.arranged.train(_inputs(setting).prepare(rows), rows["churned"])


def _registered(ws: Workspace, setting: Setting, model: Any, rows: pd.DataFrame) -> FittedModel:
    run = ws.registry.client.create_run(ws.registry.experiment(ws.spec.name)).info.run_id
    example = _inputs(setting).prepare(rows).head(3)
    version = ws.registry.register(ws.spec, model, example, run_id=run, tags={}, reference=None)
    return ws.registry.model(version)


def _scores(setting: Setting, rows: pd.DataFrame, answer: Any) -> np.ndarray:
    from airmedic.testing.production import spec_of

    spec = spec_of(setting.folder, **setting.arranged.spec)
    scores, _, classes = read_answer(spec, answer, meaning_of(spec, answer, rows["churned"]))
    assert set(map(str, classes)) == {"0", "1"}
    assert ((scores >= 0) & (scores <= 1)).all()
    return scores
