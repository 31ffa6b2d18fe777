"""Pictures of reports as SVG: small, sharp at any size, light and dark, and drawn without a library."""

from airmedic_core.reports.pictures.canvas import STYLE, Canvas
from airmedic_core.reports.pictures.distribution import distribution_picture
from airmedic_core.reports.pictures.gate import gate_picture
from airmedic_core.reports.pictures.metric import metric_picture
from airmedic_core.reports.pictures.moves import moves_picture
from airmedic_core.reports.pictures.trace import trace_picture

__all__ = [
    "STYLE",
    "Canvas",
    "distribution_picture",
    "gate_picture",
    "metric_picture",
    "moves_picture",
    "trace_picture",
]
