"""Learning which action heals which cause: from verified outcomes, and only among what policy and rules allow."""

from airmedic_core.learning.order import Ordering, order
from airmedic_core.learning.report import learning_report

__all__ = ["Ordering", "learning_report", "order"]
