"""KServe: the InferenceService of the model is patched, and KServe splits the traffic between its revisions.

KServe splits by chance and not by a key: a customer may meet either version. It has no shadow of its own; a version
that is tried without answering is scored in batches only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, final

from pydantic import BaseModel, ConfigDict, Field

from airmedic_core.errors import TargetError
from airmedic_core.json_calls import call
from airmedic_core.records import Json
from airmedic_core.targets.contract import Shown, Target

_IN_CLUSTER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_API = "apis/serving.kserve.io/v1beta1"


class Options(BaseModel):
    """Which InferenceService it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Of the InferenceService."""
    namespace: str = "default"
    """Where it is."""
    storage_uri: str
    """Where KServe finds the files of a version: with ``{model}`` and ``{version}``."""
    api_url: str = "https://kubernetes.default.svc"
    """The API server; that of the cluster Airflow runs in where not given."""
    token_file: str = str(_IN_CLUSTER / "token")
    """The token of a service account that may get and patch the InferenceService; none is sent where empty."""
    ca_file: str = str(_IN_CLUSTER / "ca.crt")
    """The certificates of the API server; those of the system where empty."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=300)
    """How long the API server may take to say something."""


@final
class Kserve(Target[Options]):
    """The InferenceService of the model is patched, and KServe splits the traffic between its revisions."""

    options = Options

    def require_ready(self, shown: Shown, options: Options) -> None:
        """Read the InferenceService."""
        _predictor(_asked("GET", options), options)

    def apply(self, shown: Shown, options: Options) -> None:
        """Name the files, and the share of the newest revision where a version is tried."""
        _asked("PATCH", options, {"spec": {"predictor": _wanted(shown, options)}})

    def verify(self, shown: Shown, options: Options) -> list[str]:
        """Read the InferenceService again.

        Its status is not looked at: right after a patch it is that of before, so that going back from a version that
        does not load would seem to have failed, and ``observedGeneration`` is copied from an object below it.
        """
        predictor, wanted = _predictor(_asked("GET", options), options), _wanted(shown, options)
        problems = []
        if (uri := predictor.get("model", {}).get("storageUri")) != wanted["model"]["storageUri"]:
            problems.append(f"Its storageUri is {uri!r}.")
        if (percent := predictor.get("canaryTrafficPercent")) != wanted["canaryTrafficPercent"]:
            problems.append(f"Its canaryTrafficPercent is {percent!r}.")
        return problems


def _wanted(shown: Shown, options: Options) -> Json:
    """Return the predictor: KServe gives a new revision the share, and the one that was rolled out before the rest."""
    version = shown.champion if shown.tried is None else shown.tried
    try:
        uri = options.storage_uri.format(model=shown.model, version=version)
    except (KeyError, IndexError, ValueError) as error:
        raise TargetError(
            f"storage_uri {options.storage_uri!r} names {error}.", "It knows {model} and {version}."
        ) from error
    return {
        "canaryTrafficPercent": None if shown.tried is None else round(shown.fraction * 100),
        "model": {"storageUri": uri},
    }


def _asked(method: str, options: Options, body: Json | None = None) -> Json:
    headers = {"Content-Type": "application/merge-patch+json"} if method == "PATCH" else {}
    if options.token_file:
        try:
            headers["Authorization"] = f"Bearer {Path(options.token_file).read_text(encoding='utf-8').strip()}"
        except OSError as error:
            raise TargetError(f"The token cannot be read: {error}", "Correct token_file.") from error
    url = f"{options.api_url.rstrip('/')}/{_API}/namespaces/{options.namespace}/inferenceservices/{options.name}"
    return call(method, url, body, timeout_seconds=options.timeout_seconds, headers=headers, ca_file=options.ca_file)


def _predictor(answered: Json, options: Options) -> dict[str, Any]:
    spec = answered.get("spec")
    predictor = spec.get("predictor") if isinstance(spec, dict) else None
    if answered.get("kind") != "InferenceService" or not isinstance(predictor, dict):
        raise TargetError(f"{options.name!r} is no InferenceService.", "Correct its name and namespace.")
    return predictor
