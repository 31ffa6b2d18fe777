"""Says what an arm that learns has seen: verified outcomes of the incidents before, from whichever world they were in.

Each incident has a world and a ledger of its own, because it begins where the others begin. The ledger of the next one
is asked for past cases together with those of the ones before. Each case was read from its own audit chain.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from airmedic_core.ledger.experience import MOST_INCIDENTS, Experience, PastCase
from comparison.world import CONTENT, World

_SHADOW, _ON = "mode: shadow", "mode: on"
_RECURRENCE = "recurrence_of"


class Memory:
    """The past cases of one arm.

    Parameters
    ----------
    folder : Path
        A folder that does not exist yet, for a content folder whose policy uses the learned order.
    """

    def __init__(self, folder: Path) -> None:
        self.content = folder
        self._cases: list[PastCase] = []
        shutil.copytree(CONTENT / "policies", folder / "policies")
        for name in ("expectations", "incidents", "models", "runbooks"):
            (folder / name).symlink_to(CONTENT / name)
        policy = folder / "policies" / "default.yaml"
        text = policy.read_text(encoding="utf-8")
        if _SHADOW not in text:
            raise ValueError(f"The delivered policy no longer says {_SHADOW!r}: say here how learning is switched on.")
        policy.write_text(text.replace(_SHADOW, _ON), encoding="utf-8")

    def recalled_by(self, world: World) -> None:
        """Have the ledger of a world answer with the cases of earlier worlds as well."""
        ledger, before = world.ws.ledger, tuple(self._cases)
        own = ledger.experience

        def experience(*, most: int = MOST_INCIDENTS) -> Experience:
            seen = own(most=most)
            return replace(seen, cases=(*before, *seen.cases)[-most:])

        ledger.experience = experience  # type: ignore[method-assign]

    def add(self, world: World, incident: str) -> None:
        """Keep the cases of a world, under ids that no other world has.

        Parameters
        ----------
        world : World
            A world in which an incident is over.
        incident : str
            Its name.
        """
        for case in type(world.ws.ledger).experience(world.ws.ledger).cases:
            resolution = dict(case.resolution)
            if resolution.get(_RECURRENCE):
                resolution[_RECURRENCE] = f"{incident}: {resolution[_RECURRENCE]}"
            self._cases.append(replace(case, incident_id=f"{incident}: {case.incident_id}", resolution=resolution))
