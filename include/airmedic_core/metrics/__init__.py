"""Metrics with their direction, losses by row, and what a block bootstrap makes of them."""

from airmedic_core.metrics.base import Array, Blocks, Metric, SumMetric
from airmedic_core.metrics.bootstrap import Interval, block_draws, interval, percentile_bounds, tail_bounds, time_blocks
from airmedic_core.metrics.ranking import AveragePrecision, RocAuc
from airmedic_core.metrics.row_loss import loss_name, losses, row_losses, score_column
from airmedic_core.metrics.tasks import is_relative, metric, metrics_for, usual_metric

__all__ = [
    "Array",
    "AveragePrecision",
    "Blocks",
    "Interval",
    "Metric",
    "RocAuc",
    "SumMetric",
    "block_draws",
    "interval",
    "is_relative",
    "loss_name",
    "losses",
    "metric",
    "metrics_for",
    "percentile_bounds",
    "row_losses",
    "score_column",
    "tail_bounds",
    "time_blocks",
    "usual_metric",
]
