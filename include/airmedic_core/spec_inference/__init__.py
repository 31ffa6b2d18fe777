"""Says what rows say of a model spec: what it may be, and what does not fit."""

from airmedic_core.spec_inference.data_problems import data_problems
from airmedic_core.spec_inference.infer import Inferred, infer, model_name

__all__ = ["Inferred", "data_problems", "infer", "model_name"]
