"""Knowledge: runbooks and past incidents, found by what they say, with exact sources."""

from airmedic_core.knowledge.ingest import Section
from airmedic_core.knowledge.library import Library, open_library
from airmedic_core.knowledge.retrieve import Answer, Hit

__all__ = ["Answer", "Hit", "Library", "Section", "open_library"]
