"""Concept: whether a loss comes from other inputs, another class mix, or a changed relation."""

from airmedic_core.checks.concept.concept import Concept, Options

__all__ = ["Concept", "Options"]
