"""Says what a monitored model is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from airmedic_core.errors import SpecError, closest
from airmedic_core.family import listing
from airmedic_core.schedules import check_schedule, watched
from airmedic_core.spec.challenger import OWN_FAMILIES, GateSection, RetrainSection, RolloutSection, rollout_in_full
from airmedic_core.spec.data import DataSection, FeaturesSection, PredictionSection
from airmedic_core.spec.members import (
    CHECKS_LIE_IN,
    FLAVOURS_LIE_IN,
    NOTIFIERS_LIE_IN,
    SOURCES_LIE_IN,
    STRATEGIES_LIE_IN,
    TARGETS_LIE_IN,
    WATCHERS_LIE_IN,
    NamedMember,
)
from airmedic_core.spec.people import ApprovalSection, notify_in_full
from airmedic_core.spec.quality import QualitySection
from airmedic_core.spec.scale import ScaleSection
from airmedic_core.spec.section import Section
from airmedic_core.spec.windows import ReferenceSection, WindowSection

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)


class ModelSpec(Section):
    """Says what a monitored model is. Read one with :func:`load_spec`."""

    name: str
    """Lower case, digits and underscores. Names the DAGs, the registered model and the MLflow experiment."""
    title: str = ""
    """The name that people read."""
    description: str = ""
    """Says what the model is for."""
    owner: str = "airmedic"
    """Owner of the DAGs."""
    task: Literal["binary", "multiclass", "regression"]
    """Says what the model predicts."""
    target: str
    """The column that the model predicts."""
    positive: str | int | float | bool | None = None
    """Binary only: the target's value that counts as positive; 1, true or the second of two where not given."""
    data: DataSection
    """Says where the rows are."""
    label_time_column: str = ""
    """Says when the label becomes known. A label is used only from then on; where empty, at once."""
    entity_column: str = ""
    """Says what a row is about, such as a customer. Never an input; a batch without it has another schema."""
    exclude: tuple[str, ...] = ()
    """Columns that are never an input: leaks, identifiers, what is only known afterwards."""
    private: tuple[str, ...] = ()
    """Columns that reports and messages do not show, and that no language model is told of."""
    features: FeaturesSection = FeaturesSection()
    """The inputs."""
    registry: Literal["mlflow", "none"] = "mlflow"
    """Says where the model's versions are. With ``none`` the model is watched by its logged predictions alone, and DAGs
    of the team's own retrain it and roll it back (``retrain: dag:<dag_id>``, ``rollout: dag:<dag_id>``).
    """
    prediction: PredictionSection = PredictionSection()
    """Logged predictions."""
    window: WindowSection = WindowSection()
    """The unit of evidence. Short form: the step."""
    reference: ReferenceSection | None = None
    """The rows that the first champion was accepted on."""
    schedule: str | None = None
    """Cron or ``@daily``…; ``asset:<uri>`` or ``partitions:<uri>``: events, or partitions, of an Airflow asset;
    ``watch:files``, ``watch:redis:<list>``, ``watch:kafka:<topic>`` or ``watch:sqs:<url>``, with ``@<connection>``
    where it is not the usual one: files or messages that say which window is there. Where empty, one run for each
    window."""
    checks: Mapping[str, Mapping[str, Any] | Literal[False]] = Field(default_factory=dict)
    """Check → its options, ``false`` to leave it out, or ``true`` to run it as it is. A check of an installed package
    runs for the models that name it here."""
    quality: QualitySection = QualitySection()
    """Data quality by expectations. Short form: the suite."""
    retrain: RetrainSection = RetrainSection()
    """Says how a challenger is made. Short form: ``using``."""
    gate: GateSection = GateSection()
    """Says when a challenger may replace the champion."""
    segments: tuple[str, ...] = ()
    """Columns whose values are looked at one by one, by the performance check and by the gate."""
    rollout: RolloutSection = RolloutSection()
    """Says how a challenger comes into service. Short form: the strategy."""
    scale: ScaleSection | None = None
    """Says how the model gets more capacity where it answers too slowly."""
    policy: str = "default"
    """A file in ``policies/``, without ``.yaml``."""
    environment: str = ""
    """Name that the policy knows this model's surroundings by; where empty, ``AIRMEDIC_ENVIRONMENT``."""
    approvers: tuple[str, ...] = ()
    """User names or ids of Airflow, or groups such as `group:ml-platform`, that may answer; where empty, everybody who
    may edit the DAG run."""
    approval: ApprovalSection = ApprovalSection()
    """Says how long an approval waits, and for whom."""
    notify: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """Notifier → its options: who is told, beside the task log. Short form of one option: `slack_channel`."""
    upstream_dag: str = ""
    """The DAG that delivers the rows: looked at for evidence, and run again if that is approved."""
    evidently: Literal["on_finding", "always", "never"] = "on_finding"
    """Says when the Evidently report is drawn: when there is something to look at, each time, or never."""

    @field_validator("name")
    @classmethod
    def _names_things(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError("use small letters, digits and underscores, a letter first, 63 characters at the most")
        return name

    @field_validator("schedule")
    @classmethod
    def _is_a_schedule(cls, schedule: str | None) -> str | None:
        try:
            return check_schedule(schedule) if schedule else None
        except SpecError as error:
            raise ValueError(str(error)) from error

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        raw = dict(raw)
        for key, inner in (("retrain", "using"), ("window", "every"), ("rollout", "strategy"), ("quality", "suite")):
            if isinstance(raw.get(key), str):
                raw[key] = {inner: raw[key]}
        raw["rollout"] = rollout_in_full(raw.get("rollout", {}))
        if isinstance(raw.get("notify"), dict):
            raw["notify"] = notify_in_full(raw["notify"])
        if isinstance(raw.get("checks"), dict):
            raw["checks"] = {name: {} if given is True else given for name, given in raw["checks"].items()}
        return raw

    @model_validator(mode="after")
    def _registered(self) -> Self:
        for member in self.members():
            known = listing(*member.place)
            if member.name not in known:
                raise ValueError(
                    f"{member.key}: there is no {member.kind} {member.name!r}. {closest(member.name, known)}"
                )
        return self

    @model_validator(mode="after")
    def _is_logged(self) -> Self:
        if self.rollout.dag and not self.only_logged:
            raise ValueError("rollout: dag:<dag_id> is for registry: none. Leave it out: Airmedic rolls back itself.")
        if not self.only_logged:
            return self
        if not (self.prediction.score or (self.prediction.label and self.task != "regression")):
            wanted = "prediction.score" if self.task == "regression" else "prediction.score or prediction.label"
            raise ValueError(f"registry: none needs {wanted}: the column that holds what the model said.")
        if ":" in self.retrain.using and not self.retrain.using.startswith("dag:"):
            raise ValueError("registry: none has nowhere to register a model. Name a DAG: retrain: dag:<dag_id>.")
        return self

    @property
    def only_logged(self) -> bool:
        """Say whether the model is in no registry, and known by its logged predictions alone."""
        return self.registry == "none"

    def members(self) -> Iterator[NamedMember]:
        """Yield the members of families that this spec names."""
        yield NamedMember("data.source", "source", SOURCES_LIE_IN, self.data.source)
        for name, given in self.checks.items():
            yield NamedMember("checks", "check", CHECKS_LIE_IN, name, is_used=given is not False)
        yield NamedMember("rollout.strategy", "rollout strategy", STRATEGIES_LIE_IN, self.rollout.strategy)
        yield NamedMember("rollout.target", "target", TARGETS_LIE_IN, self.rollout.target)
        if self.schedule and (watching := watched(self.schedule)):
            yield NamedMember("schedule", "watcher", WATCHERS_LIE_IN, watching.watcher)
        for name in self.retrain.tune.families if self.retrain.tune else ():
            if name not in OWN_FAMILIES:
                yield NamedMember("retrain.tune.families", "family of models", FLAVOURS_LIE_IN, name)
        for name in self.notify:
            yield NamedMember("notify", "notifier", NOTIFIERS_LIE_IN, name)

    @property
    def metric(self) -> str:
        """The metric that decides: the gate's, or the task's usual one."""
        from airmedic_core.metrics import usual_metric

        return self.gate.metric or usual_metric(self.task)

    def is_private(self, subject: str) -> bool:
        """Return whether a subject is a private column or a segment of one."""
        return subject in self.private or subject.partition("=")[0] in self.private

    def is_class_score(self, name: str) -> bool:
        """Return whether a column holds the logged probability of one class of a multiclass model."""
        score = self.prediction.score
        if self.task != "multiclass" or not score or not name.startswith(f"{score}_"):
            return False
        return name not in {*self._not_features, *self.features.numeric, *self.features.categorical}

    def may_be_feature(self, name: str) -> bool:
        """Return whether a column may be an input: neither outcome, time, entity nor prediction, and not excluded."""
        return name not in self._not_features and not self.is_class_score(name)

    @property
    def _not_features(self) -> frozenset[str]:
        prediction = self.prediction
        return frozenset(
            {self.target, self.data.time_column, self.label_time_column, self.entity_column, *self.exclude}
            | {prediction.score, prediction.label, prediction.latency_ms, prediction.version}
        ) - {""}
