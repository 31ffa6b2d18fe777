"""The weekly review: changes to settings, proposed with what they would have done to the last windows."""

from airmedic_core.review.critic import propose_changes, suggestions

__all__ = ["propose_changes", "suggestions"]
