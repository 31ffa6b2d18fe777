"""Makes the first champion of a model from the spec's reference, or takes over the one that serves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airmedic_core.errors import TrainingError
from airmedic_core.records import Promotion
from airmedic_core.training.fit import train
from airmedic_core.training.logged_reference import adopt_logged
from airmedic_core.training.new_reference import reference_on
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def adopt(ws: Workspace, *, window: Window | None = None, as_of: datetime | None = None, by: str) -> Promotion:
    """Train the first champion and put it in service. A model that has a champion keeps it.

    The newest part of the window is withheld and becomes the champion's baseline of performance. A champion that was
    registered elsewhere gets its reference from all rows of the window: choose a time after its training.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window, optional
        The rows; the spec's reference where not given.
    as_of : datetime, optional
        Labels that became known later do not exist yet; the window's end where not given.
    by : str
        Who adopts it.

    Returns
    -------
    Promotion
        The one on record where it was adopted before.

    Raises
    ------
    TrainingError
        If the spec names no reference, or its rows are too few. A retry does not help.
    ModelError
        If the champion that serves does not load.
    SourceError
        If the rows cannot be read.
    RegistryUnavailableError
        If MLflow does not answer. A retry helps.
    """
    name = ws.spec.name
    if window is None:
        if ws.spec.reference is None:
            raise TrainingError(
                f"{name!r} has no reference to train a first champion on, or to know the one that serves by.",
                "Set reference.start and reference.end.",
            )
        window = ws.spec.reference.window
    as_of = as_of or window.end
    now = datetime.now(UTC)
    if ws.spec.only_logged:
        return adopt_logged(ws, window, as_of, by=by, now=now)
    champion = ws.registry.by_alias(name, "champion")
    if champion is not None:
        if not ws.registry.reference_place(champion):
            reference, _ = reference_on(ws, champion, window, as_of)
            ws.registry.save_reference(champion, reference)
        noticed = ws.registry.notice_manual_switch(name, now)
        return noticed or ws.ledger.promotions(name)[0]
    using = ws.spec.retrain.using
    own_function = ":" in using and not using.startswith("dag:")
    challenger = train(ws, window, as_of, {"method": using if own_function else "default"})
    return ws.registry.switch(name, challenger.version.version, kind="adopt", by=by, expected=(None,), now=now)
