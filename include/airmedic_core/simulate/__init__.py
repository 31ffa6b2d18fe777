"""A generated production: subscriptions of a made-up streaming service, with faults on cue.

Nothing here is measured anywhere. Each day's rows come from a seeded generator, so that the same day is the same rows
on every machine. It exists to be watched and healed in the demo, the tests and the benchmarks.
"""

from airmedic_core.simulate.production import begin, next_day, plan_next_day, scored_file, story_so_far
from airmedic_core.simulate.story import CHAPTERS, Chapter, Day, Pause, is_told

__all__ = [
    "CHAPTERS",
    "Chapter",
    "Day",
    "Pause",
    "begin",
    "is_told",
    "next_day",
    "plan_next_day",
    "scored_file",
    "story_so_far",
]
