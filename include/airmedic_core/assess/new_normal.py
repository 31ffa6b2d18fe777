"""Says when an input that moved alone may be broken: such a window becomes neither the new normal nor a lesson."""

from __future__ import annotations

from collections.abc import Iterable

from airmedic_core.assess.signs import WHOLE, Sign, is_shift
from airmedic_core.records import ABNORMAL

_FAR = 0.8
"""Standard deviations, or difference of shares, from which an input that has moved alone may as well be broken: a large
effect (Cohen 1988). A season or another kind of customer moves others too."""
_SIGNS_OF_DAMAGE = ("one_value", "value_lost", "exchanged")
"""Details of a moved input that no season shows in it alone."""


def doubt_of_new_normal(signs: Iterable[Sign], *, lasting: bool = False) -> str:
    """Return the condition under which the window may become the reference; empty where nothing speaks against it.

    One input that is far away, has lost a value or has exchanged two of them while all others are as ever, is more
    often broken than new. As the reference it would hide its fault, and make its repair an alarm. A model that learns
    from it does better as long as the fault lasts, which is no proof that it should.

    Parameters
    ----------
    signs : iterable of Sign
        All findings of the window, or the evidence made of them.
    lasting : bool
        Whether the window before has shown the same. A season may move one input far; what lasts is doubted only where
        the input has lost a value, or has exchanged two, which no season does.

    Examples
    --------
    >>> from airmedic_core.records import Finding, Role, Verdict
    >>> moved = Finding("drift", "insured", "shift", Verdict.ALERT, effect=-0.84, role=Role.INPUT_MOVED)
    >>> doubt_of_new_normal([moved])
    'once the owner of insured says that it is meant'
    """
    # What is said of all columns together, such as many rows that are unlike any before, is no second input.
    moved = [sign for sign in signs if is_shift(sign) and sign.verdict in ABNORMAL and sign.subject != WHOLE]
    columns = {sign.subject for sign in moved}
    if len(columns) != 1:
        return ""
    damaged = any(sign.details.get(name) for sign in moved for name in _SIGNS_OF_DAMAGE)
    far = not lasting and any(abs(sign.effect or 0.0) >= _FAR for sign in moved)
    return f"once the owner of {columns.pop()} says that it is meant" if damaged or far else ""
