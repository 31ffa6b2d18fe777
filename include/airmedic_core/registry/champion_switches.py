"""Switches of the champion: locked, read back, on record, and tidied up where one was cut off."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from airmedic_core.errors import ModelError
from airmedic_core.records import AIRMEDIC, Promotion, from_json, to_json
from airmedic_core.registry.versions import CHAMPION, PREVIOUS, Versions

if TYPE_CHECKING:
    from airmedic_core.ledger.locks import Hold

_INTENT = "airmedic.switch"
_MOST_SECONDS = 180
"""Longer than MLflow's client may take to give up on each call of a switch. What takes longer hangs."""


class Switches(Versions):
    """Moving the aliases ``champion`` and ``previous``."""

    def switch(
        self,
        name: str,
        to_version: str,
        *,
        kind: Literal["adopt", "deploy", "rollback"],
        by: str,
        expected: Collection[str | None],
        proposal_hash: str | None = None,
        now: datetime,
    ) -> Promotion:
        """Make a version the champion, and the champion ``previous``.

        Doing it again changes nothing and returns the promotion on record.

        Parameters
        ----------
        name, to_version : str
            The model, and the version that is to serve.
        kind, by, proposal_hash : str
            What the switch is part of, who answers for it, and what was approved.
        expected : collection of str or None
            Versions one of which must serve until now; None for no champion at all.
        now : datetime
            The moment of the promotion.

        Raises
        ------
        ModelError
            If the version does not exist, another serves than was expected, or the alias does not read back as written.
        RegistryUnavailableError
            If MLflow does not answer. A retry completes the switch.
        LedgerBusyError
            If another switch of this model is under way, or the ledger does not answer. A retry helps.
        """
        started = perf_counter()
        with self._ledger.hold(f"switch:{name}", most_seconds=_MOST_SECONDS) as hold:
            self._repair(name, hold)
            self.version(name, to_version)
            current = self._aliases(name).get(CHAMPION)
            last = self._last_promotion(name)
            if current == to_version and last is not None and last.to_version == to_version:
                return last
            if current not in {*expected, to_version}:
                raise ModelError(f"Version {current} of {name!r} serves now.", "Look at it, and decide again.")
            intent = Promotion(name, current, to_version, kind, now, by, proposal_hash)
            self._write_intent(name, intent)
            return self._carry_out(intent, started, hold)

    def switch_back(
        self,
        name: str,
        to_version: str,
        *,
        kind: Literal["deploy", "rollback"],
        expected: str,
        proposal_hash: str,
        now: datetime,
    ) -> str:
        """Make the version that served before the champion again, unless somebody has switched since.

        Parameters
        ----------
        name, to_version : str
            The model, and the version that served before.
        kind, proposal_hash : str
            What taking the switch back amounts to, and what was approved.
        expected : str
            The version that the switch put in service. A third version is left in place.
        now : datetime
            The moment of the promotion.

        Returns
        -------
        str
            Which version serves now.

        Raises
        ------
        ModelError
            As :meth:`switch`, whose other errors are raised here as well.
        """
        serving = self.champion(name).version
        if serving not in {to_version, expected}:
            return f"Version {serving} serves now; it is left in place."
        self.switch(
            name, to_version, kind=kind, by=AIRMEDIC, expected=(expected,), proposal_hash=proposal_hash, now=now
        )
        return f"Version {to_version} serves again."

    def notice_manual_switch(self, name: str, now: datetime) -> Promotion | None:
        """Record a switch that somebody made past Airmedic, if there was one.

        ``previous`` is set to the version that the ledger knew as champion, so that it can be rolled back to.

        Returns
        -------
        Promotion or None
            The promotion that was recorded; None where champion and ledger agree.
        """
        with self._ledger.hold(f"switch:{name}", most_seconds=_MOST_SECONDS) as hold:
            self._repair(name, hold)
            aliases = self._aliases(name)
            current, last = aliases.get(CHAMPION), self._last_promotion(name)
            if current is None or (last is not None and last.to_version == current):
                return None
            known = last.to_version if last is not None else None
            if known is not None:
                self._set_previous(name, known)
            promotion = Promotion(name, known, current, "manual", now, by="unknown (set in MLflow)")
            self._ledger.record_promotion(promotion)
            return promotion

    def _set_alias(self, name: str, alias: str, version: str) -> None:
        with self.answering():
            self.client.set_registered_model_alias(name, alias, version)

    def _set_previous(self, name: str, version: str) -> None:
        """Move ``previous``, unless somebody has deleted the version in MLflow."""
        if any(known.version == version for known in self.versions(name)):
            self._set_alias(name, PREVIOUS, version)

    def _write_intent(self, name: str, intent: Promotion) -> None:
        with self.answering():
            self.client.set_registered_model_tag(name, _INTENT, json.dumps(to_json(intent)))

    def _carry_out(self, intent: Promotion, started: float, hold: Hold) -> Promotion:
        name = intent.model
        # MLflow knows no condition on a write: what was taken over meanwhile must be known right before it.
        hold.require()
        if intent.from_version is not None and intent.from_version != intent.to_version:
            self._set_previous(name, intent.from_version)
            hold.require()
        self._set_alias(name, CHAMPION, intent.to_version)
        read = self._aliases(name).get(CHAMPION)
        if read != intent.to_version:
            raise ModelError(
                f"The champion of {name!r} reads {read} right after it was set to {intent.to_version}.",
                "Somebody else switched it at the same moment: look at MLflow and decide again.",
            )
        promotion = Promotion(
            name,
            intent.from_version,
            intent.to_version,
            intent.kind,
            intent.at,
            intent.by,
            intent.proposal_hash,
            seconds=perf_counter() - started,
        )
        self._ledger.record_promotion(promotion)
        with self.answering():
            self.client.delete_registered_model_tag(name, _INTENT)
        return promotion

    def _repair(self, name: str, hold: Hold) -> None:
        try:
            with self.answering():
                written = self.client.get_registered_model(name).tags.get(_INTENT)
        except ModelError:
            return
        if not written:
            return
        intent = from_json(Promotion, json.loads(written))
        last = self._last_promotion(name)
        recorded = last is not None and (last.at, last.to_version) == (intent.at, intent.to_version)
        aliases = self._aliases(name)
        if not recorded and aliases.get(CHAMPION) == intent.to_version:
            self._carry_out(intent, perf_counter(), hold)
            return
        # A switch that has not moved the champion is left to its own retry, which looks at the kill switch first.
        if aliases.get(PREVIOUS) is not None and aliases.get(PREVIOUS) == aliases.get(CHAMPION):
            self._restore_previous(name, last)
        with self.answering():
            self.client.delete_registered_model_tag(name, _INTENT)

    def _restore_previous(self, name: str, last: Promotion | None) -> None:
        if last is not None and last.from_version is not None:
            self._set_previous(name, last.from_version)
            return
        with self.answering():
            self.client.delete_registered_model_alias(name, PREVIOUS)

    def _last_promotion(self, name: str) -> Promotion | None:
        promotions: Sequence[Promotion] = self._ledger.promotions(name)
        return promotions[0] if promotions else None
