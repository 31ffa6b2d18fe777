"""A version that is tried beside the champion: kept with the registered model, so that whoever serves can read it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import ValidationError

from airmedic_core.errors import ModelError
from airmedic_core.records import from_json, to_json
from airmedic_core.registry.versions import CHALLENGER, CHAMPION, Versions
from airmedic_core.traffic import Traffic

_TRIAL = "airmedic.trial"
_ENDED = {"ended": True}
"""The last that the audit chain holds of a trial."""
_MOST_SECONDS = 180
"""Longer than MLflow's client may take to give up on each call. What takes longer hangs."""


@dataclass(frozen=True)
class Serving:
    """Holds what serves a model."""

    champion: str | None
    trial: Traffic | None
    """Says what is tried beside it. One that began beside another champion is over."""


class Trials(Versions):
    """Trying a version beside the champion. The alias ``challenger`` shows it to people."""

    def serving(self, name: str) -> Serving:
        """Return what serves, as one answer of MLflow shows it.

        Raises
        ------
        ModelError
            If there is no such model, or what is kept with it is no trial. A retry does not help.
        RegistryUnavailableError
            If MLflow does not answer. A retry helps.
        """
        with self.answering():
            model = self.client.get_registered_model(name)
        champion = model.aliases.get(CHAMPION)
        return Serving(None if champion is None else str(champion), _read(name, model.tags.get(_TRIAL)))

    def trial(self, name: str) -> Traffic | None:
        """Return the version that is tried beside the champion, if one is; also one whose champion has gone."""
        try:
            with self.answering():
                written = self.client.get_registered_model(name).tags.get(_TRIAL)
        except ModelError:
            return None
        return _read(name, written)

    def begin_trial(self, name: str, trial: Traffic) -> None:
        """Try a version beside the champion, or change how it is tried. Doing it again changes nothing.

        Parameters
        ----------
        name : str
            The model.
        trial : Traffic
            The trial, as it is from now on.

        Raises
        ------
        ModelError
            If another version is tried, another one serves than when the trial was planned, or it does not read back.
        RegistryUnavailableError
            If MLflow does not answer. A retry helps.
        LedgerBusyError
            If a switch of this model is under way, or the ledger does not answer. A retry helps.
        """
        with self._ledger.hold(f"switch:{name}", most_seconds=_MOST_SECONDS) as hold:
            self.version(name, trial.version)
            before = self.trial(name)
            if before == trial and self._ledger.trials(trial.proposal_hash)[-1:] != [_ENDED]:
                return
            if before is not None and before.proposal_hash != trial.proposal_hash:
                raise ModelError(
                    f"Version {before.version} of {name!r} is tried already.", "End that trial first, then try again."
                )
            serving = self._aliases(name).get(CHAMPION)
            if serving not in {trial.champion, trial.version}:
                raise ModelError(f"Version {serving} of {name!r} serves now.", "Look at it, and decide again.")
            # On record first: a trial that nobody knows of would answer rows.
            self._ledger.record_trial(trial.proposal_hash, to_json(trial))
            hold.require()
            with self.answering():
                self.client.set_registered_model_alias(name, CHALLENGER, trial.version)
                self.client.set_registered_model_tag(name, _TRIAL, json.dumps(to_json(trial)))
            if self.trial(name) != trial:
                raise ModelError(
                    f"The trial of {name!r} does not read back as it was written.",
                    "Look at the model's tags in MLflow.",
                )

    def end_standby(self, name: str) -> None:
        """End what only keeps a version loaded: once another one is switched to, or the watch is over, nobody needs it.

        A trial that cannot be read is left: it must keep nobody from going back.
        """
        try:
            trial = self.trial(name)
        except ModelError:
            return
        if trial is not None and trial.kind == "standby":
            self.end_trial(name, trial.proposal_hash)

    def end_trial(self, name: str, proposal_hash: str) -> None:
        """End the trial of a deployment, if it is still under way.

        Parameters
        ----------
        name : str
            The model.
        proposal_hash : str
            The deployment.

        Raises
        ------
        RegistryUnavailableError
            If MLflow does not answer. A retry helps.
        LedgerBusyError
            If a switch of this model is under way, or the ledger does not answer. A retry helps.
        """
        with self._ledger.hold(f"switch:{name}", most_seconds=_MOST_SECONDS) as hold:
            trial = self.trial(name)
            is_tried = trial is not None and trial.proposal_hash == proposal_hash
            steps = self._ledger.trials(proposal_hash)
            # On record first, as its beginning: a process that dies in between leaves a trial that is ended again.
            if steps[-1:] != [_ENDED] and (steps or is_tried):
                self._ledger.record_trial(proposal_hash, _ENDED)
            if is_tried:
                hold.require()
                with self.answering():
                    self.client.delete_registered_model_tag(name, _TRIAL)


def _read(name: str, written: str | None) -> Traffic | None:
    if not written:
        return None
    try:
        return from_json(Traffic, json.loads(written))
    except (ValueError, ValidationError) as error:
        raise ModelError(
            f"The tag {_TRIAL!r} of {name!r} in MLflow is no trial.", "Delete the tag: the champion then answers alone."
        ) from error
