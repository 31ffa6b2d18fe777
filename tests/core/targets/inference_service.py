"""An InferenceService with its status, as KServe keeps it with Knative: behind its spec, and revision by revision."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Literal

Json = dict[str, Any]


class InferenceService:
    """A resource whose status follows its spec after some looks at it.

    Parameters
    ----------
    looks : int
        How many looks show the status of before, and then how many one that is under way.
    """

    def __init__(self, looks: int = 1) -> None:
        self.looks = looks
        self.mode: Literal["", "never", "blocked", "raw"] = ""
        """``never``, ``blocked``: no revision becomes ready, in silence or with a reason. ``raw``: without Knative."""
        self._to_come: list[Json] = []
        self._made = 1
        self.resource: Json = {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {"name": "renewals", "namespace": "models", "generation": 1},
            "spec": {"predictor": {"model": {"modelFormat": {"name": "mlflow"}, "storageUri": "s3://m/renewals/1"}}},
            "status": _with_revisions("renewals-1", "renewals-1", {"renewals-1": 100}, "True"),
        }

    def look(self) -> Json:
        """Return it as it is, and let its controller go on."""
        if self._to_come:
            self.resource["status"] = self._to_come.pop(0)
        return deepcopy(self.resource)

    def patched(self, patch: Json) -> Json:
        """Merge a patch as RFC 7386 says, and let the controller begin."""
        was = deepcopy(self.resource)
        self.resource = merged(self.resource, patch)
        if self.resource["spec"] != was["spec"]:
            self.resource["metadata"] |= {"generation": was["metadata"]["generation"] + 1}
            self._reconcile(was)
        return deepcopy(self.resource)

    def _reconcile(self, was: Json) -> None:
        behind = was["status"]
        if self.mode == "raw":
            seen = {"observedGeneration": self.resource["metadata"]["generation"], "conditions": _ready("True")}
            self.resource["status"] = behind = {"observedGeneration": 1, "conditions": _ready("True")}
            self._to_come = [behind] * self.looks + [seen]
            return
        newest = behind["components"]["predictor"]["latestCreatedRevision"]
        old = behind["components"]["predictor"]["latestReadyRevision"]
        if self.resource["spec"]["predictor"]["model"] != was["spec"]["predictor"]["model"]:
            self._made += 1
            newest = f"renewals-{self._made}"
        under_way = _with_revisions(newest, old, {old: 100}, "Unknown")
        if self.mode == "blocked":
            under_way["conditions"] = _ready("False", "RevisionFailed")
            under_way["modelStatus"] = {"lastFailureInfo": {"message": "unpickling stack underflow"}}
        self._to_come = [behind] * self.looks + [under_way] * self.looks
        if not self.mode:
            percent = self.resource["spec"]["predictor"].get("canaryTrafficPercent")
            traffic = {newest: 100} if percent is None else {newest: percent, old: 100 - percent}
            self._to_come.append(_with_revisions(newest, newest, traffic, "True"))


def merged(resource: Any, patch: Any) -> Any:
    """Merge a patch as RFC 7386 says."""
    if not isinstance(patch, dict) or not isinstance(resource, dict):
        return patch
    result = resource | {key: merged(resource.get(key), value) for key, value in patch.items()}
    return {key: value for key, value in result.items() if value is not None}


def _with_revisions(created: str, ready: str, traffic: dict[str, int], says: str) -> Json:
    routes = [{"revisionName": name, "percent": percent} for name, percent in traffic.items() if percent]
    predictor = {"latestCreatedRevision": created, "latestReadyRevision": ready, "traffic": routes}
    # Of another object: it says nothing of the InferenceService.
    return {"observedGeneration": 7, "components": {"predictor": predictor}, "conditions": _ready(says)}


def _ready(status: str, message: str = "") -> list[Json]:
    return [{"type": "PredictorReady", "status": "True"}, {"type": "Ready", "status": status, "message": message}]
