"""Says what speaks against learning from a window, although its cause asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from airmedic_core.assess.new_normal import doubt_of_new_normal
from airmedic_core.assess.signs import WHOLE, Sign, is_measured_loss, is_of_relation
from airmedic_core.records import ABNORMAL, Role, Verdict

_APART = 0.95
"""Area under the curve of telling two windows apart, from which they hardly have inputs in common: what remains of a
loss on shared inputs then rests on a twentieth of the rows or less."""
_FEW_ROWS = 100
"""Labelled rows below which a loss may be one event, such as a weekend: a share is known to within ten points then."""


class CountedSign(Sign, Protocol):
    """A sign that says on how many rows it rests."""

    @property
    def sample_size(self) -> int | None:
        """Rows that it was measured on."""


def doubt_of_training(signs: Iterable[CountedSign], *, confirmed: bool = False) -> str:
    """Return the condition under which learning from the window does no harm; empty where nothing speaks against it.

    Damage to the data, labels of exchanged classes or of other rows, an input that alone has lost a value, has
    exchanged two, or is far away for the first time, windows that hardly overlap, and a loss in a handful of rows each
    explain a loss as well as a changed relation does. A model that learns from such rows is worse afterwards.

    Parameters
    ----------
    signs : iterable of CountedSign
        All findings of the window, or the evidence made of them.
    confirmed : bool
        Whether the window before has shown the loss too.

    Examples
    --------
    >>> from airmedic_core.records import Finding, Verdict
    >>> loss = Finding("performance", "batch", "mae", Verdict.ALERT, sample_size=62, role=Role.LOSS)
    >>> doubt_of_training([loss])
    'if a later window shows the same: 62 labelled rows may be one event'
    """
    known = list(signs)
    doubt = _faulty(known) or doubt_of_new_normal(known, lasting=confirmed) or _futile(known)
    # What lasts is no event, and rows unlike the reference's are to be learned from once they are here to stay.
    return doubt if doubt or confirmed else _one_event(known)


def _faulty(signs: Sequence[CountedSign]) -> str:
    """Return the doubt that something is wrong with the data or the labels, which a second window would show too."""
    if any(sign.role is Role.DATA_FAULT and sign.verdict in ABNORMAL for sign in signs):
        return "once the data are known to be sound"
    losses = [sign for sign in signs if is_measured_loss(sign)]
    if any(sign.details.get("mirrored") for sign in losses):
        return "once it is known that no classes were exchanged: answers are as wrong as they were right"
    if any(sign.details.get("unrelated") for sign in losses):
        return "once it is known that the labels belong to their rows: the answers say nothing of them any more"
    return ""


def _futile(signs: Sequence[CountedSign]) -> str:
    """Return the doubt that there is nothing to gain: it was tried in the shadow."""
    if any(sign.role is Role.TRIAL and sign.verdict is Verdict.OK for sign in signs):
        return "once there is more to learn from: a model that was trained in the shadow does no better"
    return ""


def _one_event(signs: Sequence[CountedSign]) -> str:
    """Return the doubt that a later window would settle."""
    if any(sign.details.get("unseen_by_scores") and sign.verdict in ABNORMAL for sign in signs):
        return "once the labels are known to be complete: by its scores the window is of the usual mix"
    # Few rows, and rows unlike the reference's, are no doubt where both models were compared on rows that neither knew.
    tried = any(sign.role is Role.TRIAL and sign.verdict is Verdict.ALERT for sign in signs)
    lost = [sign for sign in signs if is_measured_loss(sign) and sign.subject == WHOLE and sign.sample_size]
    rows = max((sign.sample_size or 0 for sign in lost), default=0)
    if lost and rows < _FEW_ROWS and not tried:
        return f"if a later window shows the same: {rows} labelled rows may be one event"
    apart = any(is_of_relation(sign) and float(sign.details.get("separation") or 0.0) >= _APART for sign in signs)
    if apart and not tried:
        return "if the loss is there among rows that the reference has too: the two windows hardly overlap"
    return ""
