"""Which rows a version answers that is tried beside the champion.

Whoever serves reads it from the registry: batches are scored by it, and servers answer by it. A row's share follows
from a hash of its entity's key, so that a customer meets the same version each
time, on each machine and in each language.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

# DAG files are parsed without numpy, and ask the registry's words.
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HASHES = 2**64


@dataclass(frozen=True)
class Share:
    """The share of the entities that the tried version answers, from a moment of the rows on."""

    fraction: float
    after: datetime
    """Rows of windows that begin earlier were answered by the share before."""


@dataclass(frozen=True)
class Traffic:
    """A version that is tried beside the champion, and how."""

    kind: Literal["split", "mirror", "standby"]
    """``split``: it answers a share of the rows. ``mirror``: it scores all rows, and the champion answers them.
    ``standby``: it, and what serves, are kept loaded, and the champion answers."""
    version: str
    """The version that is tried."""
    champion: str
    """The version that served when the trial began. Where another one serves by now, that one answers all rows."""
    proposal_hash: str
    """The deployment that was approved."""
    begun_at: datetime
    shares: tuple[Share, ...] = ()
    """Of a split, in their order: each is larger than the one before."""
    after: datetime | None = None
    """The end of the newest window when it began: later ones show how it does."""

    @property
    def fraction(self) -> float:
        """The share that it answers now."""
        return self.shares[-1].fraction if self.shares else 0.0

    def fraction_of(self, start: datetime) -> float:
        """Return the share that it answered of a window that began at a moment."""
        return next((share.fraction for share in reversed(self.shares) if share.after <= start), 0.0)

    def with_share(self, fraction: float, after: datetime) -> Traffic:
        """Return the trial with a further share, from a moment of the rows on."""
        return replace(self, shares=(*self.shares, Share(fraction, after)))

    def answers(self, keys: Sequence[Any] | Any, fraction: float | None = None) -> NDArray[np.bool_]:
        """Return which rows the tried version answers. What it answered at a smaller share it answers at a larger one.

        Parameters
        ----------
        keys : sequence
            The key of each row's entity. The champion answers rows that have none.
        fraction : float, optional
            The share; the present one where not given.
        """
        import numpy as np

        from airmedic_core.columns import category_name

        limit = self.fraction if fraction is None else fraction
        # A key that comes as JSON may be a list, which cannot be looked up: as text it can.
        names = [category_name(key) if _is_key(key) else None for key in keys]
        places = {name: place_of(name, self.proposal_hash) for name in set(names) if name is not None}
        return np.array([name is not None and places[name] < limit for name in names], dtype=np.bool_)


def place_of(key: Hashable, salt: str) -> float:
    """Return where an entity stands between 0 and 1: the same for 7, 7.0 and "7".

    Parameters
    ----------
    key : object
        The entity's key.
    salt : str
        What the trial is known by: each trial draws its share anew.

    Examples
    --------
    >>> round(place_of(7, "a"), 4), place_of(7, "a") == place_of("7", "a") == place_of(7.0, "a")
    (0.2145, True)
    """
    from airmedic_core.columns import category_name

    digest = hashlib.sha256(f"{salt}:{category_name(key)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / _HASHES


def _is_key(key: Any) -> bool:
    import pandas as pd

    # Of a list, it would say which elements are missing.
    return not pd.api.types.is_scalar(key) or not pd.isna(key)
