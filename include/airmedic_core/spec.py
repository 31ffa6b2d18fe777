"""The model spec: one YAML file that says what a monitored model is and where its batches arrive."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from airmedic_core.errors import SpecError, UnsetVariableError, closest
from airmedic_core.family import listing
from airmedic_core.schedules import check_schedule
from airmedic_core.windows import Every, Window, as_utc

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Specs are read with each parse of a DAG file; libyaml's own loader takes a tenth of the time."""
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_PRIMARY_METRIC = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "mae"}


def _step(text: str) -> str:
    try:
        Every.parse(text)
    except SpecError as error:
        raise ValueError(str(error)) from error
    return text


Step = Annotated[str, AfterValidator(_step)]
"""A step in time such as ``month`` or ``6 hours``."""


class Section(BaseModel):
    """A part of the spec. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSection(Section):
    """Where the rows of a window are."""

    source: str = "file"
    """``file`` or ``sql``."""
    path: str = ""
    """A file, a glob or a URL; may hold ``{window_start:%Y-%m}``."""
    connection: str = ""
    """SQL only: an Ibis URL, or the id of an Airflow connection."""
    table: str = ""
    """SQL only: the table or view to read."""
    query: str = ""
    """SQL only: a query in place of a table."""
    time_column: str
    """When a row happened: decides which window it belongs to."""
    time_format: str = ""
    """How times are written where they are not ISO 8601: ``unix``, ``unix_ms`` or strptime codes."""
    encoding: str = "utf-8"
    """Of csv files."""
    sample_rows: int = Field(default=200_000, ge=1000)
    """A window of more rows is profiled where it is; checks that look at rows then see about so many of them."""
    options: Mapping[str, Any] = Field(default_factory=dict)
    """What a source of an installed package wants to know beside the keys above."""

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if self.source == "file" and not self.path:
            raise ValueError("data.path is missing. Say where the file is.")
        if self.source == "sql" and not (self.connection and bool(self.table) != bool(self.query)):
            raise ValueError("source: sql needs data.connection and one of data.table and data.query.")
        return self


class FeaturesSection(Section):
    """The model's inputs. Inferred from the reference where not given."""

    numeric: tuple[str, ...] = ()
    """Columns that are numbers."""
    categorical: tuple[str, ...] = ()
    """Columns that are categories."""


class PredictionSection(Section):
    """Columns of predictions that are logged with the batch. Without them the champion scores the batch."""

    score: str = ""
    """Probability of the positive class, or the predicted value. Of a ``multiclass`` model what the columns with the
    probabilities begin with: ``score`` for ``score_red``, ``score_blue`` and so on. A column that begins so and is
    none of them must be listed, as a feature or under ``exclude``."""
    label: str = ""
    """The predicted class. Where a ``multiclass`` model logs no scores, two sets of rows are compared by it, and in
    monitoring the champion scores the batch."""
    latency_ms: str = ""
    """How long the prediction took, in milliseconds."""
    version: str = ""
    """The model version that served the row."""


class WindowSection(Section):
    """The unit of evidence."""

    every: Step = "day"
    """Length of a window: ``hour``, ``6 hours``, ``day``, ``week`` or ``month``, aligned to UTC."""
    min_rows: int = Field(default=30, ge=1)
    """Fewer rows say nothing: such a window is no history and no reference, and its drift is not judged."""

    @property
    def step(self) -> Every:
        """The parsed step."""
        return Every.parse(self.every)


class ReferenceSection(Section):
    """The rows that the first champion was accepted on. Later champions bring their own."""

    start: str
    """First moment, such as ``2026-01-01``."""
    end: str
    """First moment after it."""

    @field_validator("start", "end", mode="before")
    @classmethod
    def _unquoted(cls, value: Any) -> Any:
        # YAML reads 2026-01-31 without quotes as a date.
        return value.isoformat() if isinstance(value, date) else value

    @property
    def window(self) -> Window:
        """The reference as a window."""
        return Window(as_utc(self.start), as_utc(self.end))

    @model_validator(mode="after")
    def _is_a_window(self) -> Self:
        try:
            Window(as_utc(self.start), as_utc(self.end))
        except SpecError as error:
            raise ValueError(str(error)) from error
        return self


class ExpectationSection(Section):
    """One expectation, in the form that Great Expectations exports."""

    type: str
    """Such as ``expect_column_values_to_be_between``."""
    kwargs: dict[str, Any]
    """Its arguments."""


class QualitySection(Section):
    """Data quality by expectations."""

    suite: str = ""
    """File in ``expectations/``; where empty, ``<model>.json`` if it exists, else one proposed from the reference."""
    expectations: dict[str, ExpectationSection] = {}
    """Name → expectation beside the suite; it replaces the suite's own of that type on that column."""


class TuneSection(Section):
    """Search over hyperparameters while retraining."""

    trials: int = Field(default=20, ge=1, le=1000)
    """Settings that are tried at the most."""
    timeout_seconds: int = Field(default=600, ge=1)
    """Time for all trials together."""
    space: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """Pipeline parameter → ``{low, high, log}`` or ``{choices}``; where empty, a default space for the estimator."""


class RetrainSection(Section):
    """How a challenger is made."""

    using: str = "clone"
    """``clone``, ``package.module:function`` or ``dag:<dag_id>``."""
    window: Step = "12 months"
    """How far back the training rows reach."""
    holdout_fraction: float = Field(default=0.2, gt=0, lt=0.9)
    """Newest part of the window that training never sees and the gate compares on."""
    min_rows: int = Field(default=200, ge=10)
    """With fewer labelled rows nothing is trained."""
    tune: TuneSection | None = None
    """Search over hyperparameters; where empty, those of the champion are kept."""


class GateSection(Section):
    """When a challenger may replace the champion."""

    metric: str = ""
    """Where empty: ``roc_auc``, ``accuracy`` or ``mae`` by task."""
    margin: float = -0.01
    """How much worse the lower bound of the difference may be; for errors in units of the champion's error."""
    segment_margin: float = -0.05
    """The same within a segment: a challenger that is clearly worse than this in one is refused."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence of the interval of the difference."""
    min_rows: int = Field(default=100, ge=10)
    """With fewer labelled rows the gate is inconclusive."""


class RolloutSection(Section):
    """How a challenger comes into service, and how long it is watched."""

    strategy: str = "simple"
    """A file in ``rollout/``."""
    watch_windows: int = Field(default=0, ge=0, le=100)
    """New windows to wait for before the deployment counts as healthy; 0 probes the newest batch at once."""
    watch_timeout_seconds: int = Field(default=86_400, ge=1)
    """How long these windows are waited for."""
    options: Mapping[str, Any] = Field(default_factory=dict)
    """Options of the strategy."""


class ApprovalSection(Section):
    """How long an approval waits, and for whom."""

    escalate_after_seconds: int = Field(default=300, ge=1)
    """When the second tier is told."""
    expire_after_seconds: int = Field(default=86_400, ge=1)
    """When an unanswered proposal counts as rejected."""
    second_tier: tuple[str, ...] = ()
    """Who is told then: user names or ids of Airflow."""


class NotifySection(Section):
    """Who is told, beside the task log."""

    slack_channel: str = ""
    """Channel to write to, such as ``#models``."""
    slack_connection: str = "slack_default"
    """Airflow connection to write through; without it, the task log is told."""


class NamedMember(NamedTuple):
    """A member of a family that a spec names."""

    key: str
    """Where the spec names it: ``data.source``."""
    kind: str
    """What it is, for messages: ``source``."""
    package: str
    """The package of its family."""
    group: str
    """The family's group of entry points."""
    name: str
    is_used: bool = True
    """Whether the spec uses it, and does not switch it off."""

    @property
    def is_extension(self) -> bool:
        """Whether an installed package offers it, and not Airmedic."""
        return self.name not in listing(self.package)


class ModelSpec(Section):
    """What a monitored model is. Read one with :func:`load_spec`."""

    name: str
    """Lower case, digits and underscores. Names the DAGs, the registered model and the MLflow experiment."""
    title: str = ""
    """The name that people read."""
    description: str = ""
    """What the model is for."""
    owner: str = "airmedic"
    """Owner of the DAGs."""
    task: Literal["binary", "multiclass", "regression"]
    """What the model predicts."""
    target: str
    """The column that the model predicts."""
    positive: str | int | float | bool | None = None
    """Binary only: the target's value that counts as positive; 1, true or the second of two where not given."""
    data: DataSection
    """Where the rows are."""
    label_time_column: str = ""
    """When the label becomes known. A label is used only from then on; where empty, at once."""
    entity_column: str = ""
    """What a row is about, such as a customer. Never an input; a batch without it has another schema."""
    exclude: tuple[str, ...] = ()
    """Columns that are never an input: leaks, identifiers, what is only known afterwards."""
    private: tuple[str, ...] = ()
    """Columns that reports and messages do not show, and that no language model is told of."""
    features: FeaturesSection = FeaturesSection()
    """The inputs."""
    prediction: PredictionSection = PredictionSection()
    """Logged predictions."""
    window: WindowSection = WindowSection()
    """The unit of evidence. Short form: the step."""
    reference: ReferenceSection | None = None
    """The rows that the first champion was accepted on."""
    schedule: str | None = None
    """Cron, ``@daily``…, or ``asset:<uri>``; where empty, one run for each window."""
    checks: Mapping[str, Mapping[str, Any] | Literal[False]] = Field(default_factory=dict)
    """Check → its options, ``false`` to leave it out, or ``true`` to run it as it is. A check of an installed package
    runs for the models that name it here."""
    quality: QualitySection = QualitySection()
    """Data quality by expectations. Short form: the suite."""
    retrain: RetrainSection = RetrainSection()
    """How a challenger is made. Short form: ``using``."""
    gate: GateSection = GateSection()
    """When a challenger may replace the champion."""
    segments: tuple[str, ...] = ()
    """Columns whose values are looked at one by one, by the performance check and by the gate."""
    rollout: RolloutSection = RolloutSection()
    """How a challenger comes into service. Short form: the strategy."""
    policy: str = "default"
    """A file in ``policies/``, without ``.yaml``."""
    environment: str = ""
    """Name that the policy knows this model's surroundings by; where empty, ``AIRMEDIC_ENVIRONMENT``."""
    approvers: tuple[str, ...] = ()
    """User names or ids of Airflow that may answer; where empty, everybody who may edit the DAG run."""
    approval: ApprovalSection = ApprovalSection()
    """How long an approval waits, and for whom."""
    notify: NotifySection = NotifySection()
    """Who is told."""
    upstream_dag: str = ""
    """The DAG that delivers the rows: looked at for evidence, and run again if that is approved."""
    evidently: Literal["on_finding", "always", "never"] = "on_finding"
    """When the Evidently report is drawn: when there is something to look at, each time, or never."""

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
        if isinstance(raw.get("checks"), dict):
            raw["checks"] = {name: {} if given is True else given for name, given in raw["checks"].items()}
        return raw

    @model_validator(mode="after")
    def _registered(self) -> Self:
        for member in self.members():
            known = listing(member.package, member.group)
            if member.name not in known:
                raise ValueError(
                    f"{member.key}: there is no {member.kind} {member.name!r}. {closest(member.name, known)}"
                )
        return self

    def members(self) -> Iterator[NamedMember]:
        """Yield the members of families that this spec names."""
        yield NamedMember("data.source", "source", "airmedic_core.sources", "airmedic.sources", self.data.source)
        for name, given in self.checks.items():
            used = given is not False
            yield NamedMember("checks", "check", "airmedic_core.checks", "airmedic.checks", name, used)
        strategy = self.rollout.strategy
        yield NamedMember(
            "rollout.strategy", "rollout strategy", "airmedic_core.rollout", "airmedic.rollouts", strategy
        )

    @property
    def metric(self) -> str:
        """The metric that decides: the gate's, or the task's usual one."""
        return self.gate.metric or _PRIMARY_METRIC[self.task]

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


def load_spec(path: Path, env: Mapping[str, str] | None = None) -> ModelSpec:
    """Read one model spec.

    Parameters
    ----------
    path : Path
        The YAML file.
    env : mapping, optional
        Variables for ``${NAME}`` and ``${NAME:-default}``; the process's environment where not given.

    Raises
    ------
    SpecError
        If the file is missing or unreadable, is not YAML, names an unset variable, or has a missing, unknown or wrong
        key. The message names the file, the key and the closest known key. A retry does not help.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        known = [other.name for other in path.parent.glob("*.yaml")]
        raise SpecError(f"There is no model spec {str(path)!r}.", closest(path.name, known)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"The model spec {str(path)!r} cannot be read: {error}.", "Check the file.") from error
    try:
        raw = yaml.load(text, Loader=_LOADER)  # noqa: S506  it is a safe one
    except yaml.YAMLError as error:
        raise SpecError(f"{path.name} is not valid YAML{_told(error)}.", "Correct it there.") from error
    if not isinstance(raw, dict):
        raise SpecError(f"{path.name} holds no keys.", "Start with name, task, target and data.")
    return parse_spec(_substitute(raw, os.environ if env is None else env, path.name), origin=path.name)


def parse_spec(raw: Mapping[str, Any], origin: str = "the model spec") -> ModelSpec:
    """Validate a spec that is already a mapping. Raises as :func:`load_spec` does."""
    try:
        return ModelSpec.model_validate(dict(raw))
    except ValidationError as error:
        raise SpecError(f"{origin} is not valid:\n" + "\n".join(explain(error, ModelSpec))) from error


def spec_files(folder: Path) -> Iterator[Path]:
    """Yield the model specs of a folder by name; files that begin with ``_`` or ``.`` are not specs."""
    yield from sorted(path for path in folder.glob("*.yaml") if not path.name.startswith(("_", ".")))


def explain(error: ValidationError, model: type[BaseModel], most: int = 10) -> list[str]:
    """Return one line for each validation error: where, what, and the closest known key.

    Parameters
    ----------
    error : pydantic.ValidationError
        What pydantic found.
    model : type of BaseModel
        The model that was validated, to look up known keys.
    most : int
        Lines at the most.
    """
    lines = []
    for problem in error.errors(include_url=False, include_context=False)[:most]:
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            *parents, key = problem["loc"]
            lines.append(f"  {where}: unknown key. {closest(str(key), _keys_at(model, parents))}")
        elif problem["type"] == "missing":
            lines.append(f"  {where}: missing. It is required.")
        else:
            found = repr(problem["input"])
            message = problem["msg"].removeprefix("Value error, ").rstrip(".")
            # Where no key is named, all of it was found; the message itself names the key.
            shown = "" if not where or len(found) > 80 else f" Found {found}."
            message += "" if message.endswith("?") else "."
            lines.append(f"  {where}: {message}{shown}" if where else f"  {message}")
    more = error.error_count() - most
    return [*lines, f"  … and {more} more."] if more > 0 else lines


def _keys_at(model: type[BaseModel], parents: list[int | str]) -> list[str]:
    for part in parents:
        if isinstance(part, int):
            continue  # the place in a list
        field = model.model_fields.get(str(part))
        candidates = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
        inner = next((kind for kind in candidates if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _told(error: yaml.YAMLError) -> str:
    """Return where YAML breaks, and why, in one line."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return ""
    why = getattr(error, "problem", None) or "it ends too early"
    return f": line {mark.line + 1}, column {mark.column + 1}: {why}"


def _substitute(value: Any, env: Mapping[str, str], origin: str) -> Any:
    if isinstance(value, dict):
        return {key: _substitute(inner, env, origin) for key, inner in value.items()}
    if isinstance(value, list):
        return [_substitute(inner, env, origin) for inner in value]
    if not isinstance(value, str):
        return value

    def look_up(match: re.Match[str]) -> str:
        found = env.get(match[1], match[2])
        if found is None:
            raise UnsetVariableError(
                f"{origin} uses ${{{match[1]}}}, which is not set.", f"Set the variable {match[1]}."
            )
        return found

    return _VARIABLE.sub(look_up, value)
