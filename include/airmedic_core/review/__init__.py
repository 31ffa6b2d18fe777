"""The review of a model: changes to settings and expectations, proposed with what they would have done before."""

from airmedic_core.review.analyst import analyse
from airmedic_core.review.critic import suggestions
from airmedic_core.review.occasion import review_due
from airmedic_core.review.review import Review, review

__all__ = ["Review", "analyse", "review", "review_due", "suggestions"]
