"""Makes a version that exists already the challenger: one that was only tried, or whose registration was cut off."""

from __future__ import annotations

from collections.abc import Mapping

from airmedic_core.registry.versions import CHALLENGER, ModelVersion, Versions

_MOST_SECONDS = 180
"""Longer than MLflow's client may take to give up on each call. What takes longer hangs."""


class Challengers(Versions):
    """Moving the alias ``challenger`` to a version that exists, while nobody switches, tries or prunes versions."""

    def take_up(self, version: ModelVersion, tags: Mapping[str, str], *, no_longer: str) -> ModelVersion | None:
        """Make a version that was only tried the challenger, with the tags of what takes it up.

        Doing it again changes nothing.

        Parameters
        ----------
        version : ModelVersion
            The version.
        tags : mapping of str to str
            The tags of what takes it up.
        no_longer : str
            The tag that says that it was only tried.

        Returns
        -------
        ModelVersion or None
            The challenger; None where somebody has deleted the version meanwhile, so that it has to be trained anew.

        Raises
        ------
        RegistryUnavailableError
            If MLflow does not answer. A retry helps.
        LedgerBusyError
            If the versions of this model are switched, tried or pruned at this moment. A retry helps.
        """
        name = version.name
        with self._ledger.hold(f"switch:{name}", most_seconds=_MOST_SECONDS) as hold:
            known = {listed.version: listed for listed in self.versions(name)}
            if version.version not in known:
                return None
            for key, value in tags.items():
                self.tag(name, version.version, key, value)
            hold.require()
            with self.answering():
                # The tag goes last: until then, a process that was killed has left a version that counts as tried.
                self.client.set_registered_model_alias(name, CHALLENGER, version.version)
                if no_longer in known[version.version].tags:
                    self.client.delete_model_version_tag(name, version.version, no_longer)
        return self.version(name, version.version)

    def complete(self, version: ModelVersion) -> ModelVersion:
        """Let the alias ``challenger`` name a version whose registration was cut off, unless a newer one has come.

        Raises
        ------
        RegistryUnavailableError
            If MLflow does not answer. A retry helps.
        LedgerBusyError
            If the versions of this model are switched, tried or pruned at this moment. A retry helps.
        """
        name = version.name
        with self._ledger.hold(f"switch:{name}", most_seconds=_MOST_SECONDS) as hold:
            newest, named = self.versions(name)[0], self.by_alias(name, CHALLENGER)
            if newest.version == version.version and (named is None or named.version != version.version):
                hold.require()
                with self.answering():
                    self.client.set_registered_model_alias(name, CHALLENGER, version.version)
        return version
