"""Says how MLflow is reached: its client, its errors, and the experiment of each model."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from airmedic_core.errors import ModelError, RegistryRefusedError, RegistryUnavailableError

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger

_GONE = frozenset({"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"})
_REFUSED = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED"})


class Store:
    """One MLflow. The parts of the registry build on it."""

    def __init__(self, tracking_uri: str, ledger: Ledger) -> None:
        self.tracking_uri = tracking_uri
        self._ledger = ledger
        # MLflow's own seven retries of two minutes each would hold a task for half an hour where the server is down.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

    def recording_in(self, ledger: Ledger) -> Self:
        """Return this registry with another view of its ledger, such as one that is fenced."""
        registry = copy.copy(self)
        registry._ledger = ledger  # noqa: SLF001  a copy of its own
        return registry

    @cached_property
    def client(self) -> Any:
        """MLflow's client for this address."""
        with self.answering():
            from mlflow import MlflowClient

            if _artifacts_follow_the_process():
                self.make_current()
            return MlflowClient(self.tracking_uri, self.tracking_uri)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Turn MLflow's errors into those of the engine.

        Raises
        ------
        RegistryUnavailableError
            If MLflow does not answer. A retry helps once it does.
        RegistryRefusedError
            If MLflow refuses the login. A retry does not help.
        ModelError
            If MLflow answers that something does not exist. A retry does not help.
        """
        from mlflow.exceptions import MlflowException
        from requests.exceptions import RequestException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except MlflowException as error:
            if error.error_code in _GONE:
                raise ModelError(
                    f"MLflow at {self.address}: {error.message}.", "Check the model and version."
                ) from error
            if error.error_code in _REFUSED:
                raise RegistryRefusedError(
                    f"MLflow at {self.address} refuses: {self._plain(error)}.",
                    "Correct the login of the connection or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
                ) from self._cause(error)
            raise self._unavailable(error) from self._cause(error)
        except (RequestException, SQLAlchemyError, OSError) as error:
            raise self._unavailable(error) from self._cause(error)

    def make_current(self) -> None:
        """Point MLflow's own functions at this store: they load and log models where the process says."""
        import mlflow

        mlflow.set_tracking_uri(self.tracking_uri)
        mlflow.set_registry_uri(self.tracking_uri)

    @property
    def address(self) -> str:
        """The address without user and password, for messages."""
        scheme, separator, rest = self.tracking_uri.partition("://")
        return scheme + separator + rest.rpartition("@")[2]

    def experiment(self, name: str) -> str:
        """Return the id of the experiment ``airmedic/<name>``, made on first use.

        It is marked as one of model development: MLflow would show it in its pages for language models otherwise.
        """
        title = f"airmedic/{name}"
        with self.answering():
            experiment = self.client.get_experiment_by_name(title)
            if experiment is not None and experiment.lifecycle_stage == "deleted":
                raise ModelError(
                    f"The experiment {title!r} is deleted in MLflow at {self.address}.",
                    f"Restore it: mlflow experiments restore --experiment-id {experiment.experiment_id}.",
                )
            if experiment is not None:
                return str(experiment.experiment_id)
            from mlflow.exceptions import MlflowException

            try:
                kind = {"mlflow.experimentKind": "custom_model_development"}
                return str(self.client.create_experiment(title, artifact_location=self._artifacts(), tags=kind))
            except MlflowException:
                # Two tasks of one monitoring run may come here at once: the other one made it.
                experiment = self.client.get_experiment_by_name(title)
                if experiment is None:
                    raise
                return str(experiment.experiment_id)

    def _artifacts(self) -> str | None:
        if not self.tracking_uri.startswith("sqlite:///"):
            return None
        # Without a server MLflow would put artifacts under the current folder, wherever a task happens to run.
        return (Path(self.tracking_uri.removeprefix("sqlite:///")).absolute().parent / "mlartifacts").as_uri()

    def _plain(self, error: Exception) -> str:
        return str(error).replace(self.tracking_uri, self.address).split("\n", 1)[0][:300]

    def _cause(self, error: Exception) -> Exception | None:
        """Return what an error is raised from: nothing where its text may hold the password of the address."""
        return error if self.address == self.tracking_uri else None

    def _unavailable(self, error: Exception) -> RegistryUnavailableError:
        return RegistryUnavailableError(
            f"MLflow at {self.address} does not answer: {self._plain(error)}.",
            "Start it, or correct MLFLOW_TRACKING_URI.",
        )


@cache
def _artifacts_follow_the_process() -> bool:
    """Return whether a client reads and writes artifacts where the process says, whatever its own address is.

    MLflow does so up to its version 3.6.
    """
    import mlflow
    from packaging.version import Version

    return Version(mlflow.__version__) < Version("3.7")
