"""KServe: the InferenceService of the model is patched, and KServe splits the traffic between its revisions.

KServe splits by chance and not by a key: a customer may meet either version. It has no shadow of its own; a version
that is tried without answering is scored in batches only.
"""

from __future__ import annotations

from pathlib import Path
from time import monotonic, sleep
from typing import Any, final

from pydantic import BaseModel, ConfigDict, Field

from airmedic_core.errors import TargetError
from airmedic_core.json_calls import call
from airmedic_core.records import Json
from airmedic_core.targets.contract import Shown, Target

_IN_CLUSTER = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_API = "apis/serving.kserve.io/v1beta1"
_LOOK_EVERY_SECONDS = 1.0
"""Between two looks at whether it is ready: pods take many seconds to start, and an API server is asked by many."""

_REVISION_BEFORE = "airmedic.io/revision-before"
"""Annotation: the newest revision when other files were named. Until there is a newer one, the status is that of
before, also for a process that goes on where another one was killed."""
_TOLD = 200
"""Characters of what KServe says in a message of ours."""


class Options(BaseModel):
    """Which InferenceService it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """Of the InferenceService."""
    namespace: str = "default"
    """Says where it is."""
    storage_uri: str
    """Says where KServe finds the files of a version: with ``{model}`` and ``{version}``."""
    api_url: str = "https://kubernetes.default.svc"
    """The API server; that of the cluster Airflow runs in where not given."""
    token_file: str = str(_IN_CLUSTER / "token")
    """The token of a service account that may get and patch the InferenceService; none is sent where empty."""
    ca_file: str = str(_IN_CLUSTER / "ca.crt")
    """The certificates of the API server; those of the system where empty."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=300)
    """Sets how long the API server may take to say something."""
    ready_timeout_seconds: float = Field(default=240.0, ge=0, le=400)
    """Sets how long it may take until the files are loaded and the traffic goes where it is to go; 0 does not wait.
    Going back waits as long again, and an action may take 15 minutes.
    """


@final
class Kserve(Target[Options]):
    """The InferenceService of the model is patched, and KServe splits the traffic between its revisions."""

    options = Options

    def require_ready(self, shown: Shown, options: Options) -> None:
        """Read the InferenceService."""
        _predictor(_asked("GET", options), options)

    def apply(self, shown: Shown, options: Options) -> None:
        """Name the files, and the share of the newest revision where a version is tried, and wait until it is so.

        It is waited for as well where nothing has to be changed: a process may have been killed while it waited.

        Raises
        ------
        TargetError
            If it is not ready in time. KServe goes on serving what was rolled out before.
        """
        wanted = _wanted(shown, options)
        before = _asked("GET", options)
        _predictor(before, options)
        patch: Json = {"spec": {"predictor": wanted}}
        if _files(before) != wanted["model"]["storageUri"]:
            patch["metadata"] = {"annotations": {_REVISION_BEFORE: _newest_revision(before)}}
        _asked("PATCH", options, patch)
        if options.ready_timeout_seconds:
            _wait_until_ready(shown, options)

    def verify(self, shown: Shown, options: Options) -> list[str]:
        """Read the InferenceService again."""
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


def _wait_until_ready(shown: Shown, options: Options) -> None:
    give_up_at = monotonic() + options.ready_timeout_seconds
    while why := _not_ready(shown, answered := _asked("GET", options)):
        if monotonic() > give_up_at:
            said = _failure(answered)
            raise TargetError(
                f"{options.name!r} is not ready after {options.ready_timeout_seconds:g} s: {why}{said}",
                "Look at its events and pods. What was rolled out before goes on serving.",
            )
        sleep(_LOOK_EVERY_SECONDS)


def _not_ready(shown: Shown, now: Json) -> str:
    """Return what an InferenceService lacks until it serves as it was told; empty if nothing.

    Right after a patch its status is that of before. Where Knative makes revisions, ``observedGeneration`` counts the
    changes of another object, so that the revisions themselves are looked at; elsewhere it is the only thing to go by.

    Parameters
    ----------
    shown : Shown
        What it was told.
    now : dict
        The InferenceService.
    """
    ready: Json = next((known for known in _status(now).get("conditions", ()) if known.get("type") == "Ready"), {})
    revisions = _revisions(now)
    if not revisions.get("latestCreatedRevision"):
        if int(_status(now).get("observedGeneration") or 0) < _generation(now):
            return "the change was not seen yet."
    elif _newest_revision(now) == (_metadata(now).get("annotations") or {}).get(_REVISION_BEFORE):
        return "no revision with the new files was made yet."
    elif revisions.get("latestReadyRevision") != revisions["latestCreatedRevision"]:
        return f"the revision {revisions['latestCreatedRevision']} is not ready."
    elif (share := _share(revisions)) != (wanted := 100 if shown.tried is None else round(shown.fraction * 100)):
        return f"{share} % of the traffic go to {revisions['latestReadyRevision']}, not {wanted} %."
    if ready.get("status") != "True":
        return f"it says Ready={ready.get('status', 'nothing')!s}. {ready.get('message', '')}".strip()
    return ""


def _share(revisions: Json) -> int:
    """Return the percentage of the traffic that the newest revision gets."""
    newest = revisions.get("latestReadyRevision")
    traffic = [route for route in revisions.get("traffic") or () if route.get("revisionName") == newest]
    return sum(int(route.get("percent") or 0) for route in traffic)


def _failure(answered: Json) -> str:
    """Return what KServe says of a model that does not load, as the end of a message."""
    failure = (_status(answered).get("modelStatus") or {}).get("lastFailureInfo") or {}
    return f" {str(failure['message'])[:_TOLD]}" if failure.get("message") else ""


def _status(resource: Json) -> dict[str, Any]:
    status = resource.get("status")
    return status if isinstance(status, dict) else {}


def _revisions(resource: Json) -> dict[str, Any]:
    revisions = (_status(resource).get("components") or {}).get("predictor")
    return revisions if isinstance(revisions, dict) else {}


def _files(resource: Json) -> object:
    return resource["spec"]["predictor"].get("model", {}).get("storageUri")


def _generation(resource: Json) -> int:
    return int(_metadata(resource).get("generation") or 0)


def _newest_revision(resource: Json) -> str:
    """Return the newest revision of this very resource: one that was made anew counts its revisions from the start."""
    return f"{_metadata(resource).get('uid', '')}/{_revisions(resource).get('latestCreatedRevision', '')}"


def _metadata(resource: Json) -> dict[str, Any]:
    return resource.get("metadata") or {}


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
