"""The model spec: one YAML file that says what a monitored model is and where its batches arrive."""

from airmedic_core.spec.challenger import GateSection, RetrainSection, RolloutSection, TuneSection
from airmedic_core.spec.data import DataSection, FeaturesSection, PredictionSection
from airmedic_core.spec.explain import explain, validated
from airmedic_core.spec.load import load_spec, parse_spec, spec_files
from airmedic_core.spec.members import NOTIFIERS_LIE_IN, WATCHERS_LIE_IN, NamedMember
from airmedic_core.spec.model_spec import ModelSpec
from airmedic_core.spec.people import ApprovalSection, notify_in_full
from airmedic_core.spec.quality import ExpectationSection, QualitySection
from airmedic_core.spec.scale import ScaleSection
from airmedic_core.spec.section import Section, Step
from airmedic_core.spec.windows import ReferenceSection, WindowSection

__all__ = [
    "NOTIFIERS_LIE_IN",
    "WATCHERS_LIE_IN",
    "ApprovalSection",
    "DataSection",
    "ExpectationSection",
    "FeaturesSection",
    "GateSection",
    "ModelSpec",
    "NamedMember",
    "PredictionSection",
    "QualitySection",
    "ReferenceSection",
    "RetrainSection",
    "RolloutSection",
    "ScaleSection",
    "Section",
    "Step",
    "TuneSection",
    "WindowSection",
    "explain",
    "load_spec",
    "notify_in_full",
    "parse_spec",
    "spec_files",
    "validated",
]
