"""Plays the two real sets through the whole loop without Airflow, and prints what healing is worth.

The windows, the measures and the first champion are those of `make e2e`. Everything that is proposed is approved.
AIRMEDIC_DATA says where the data are.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

from playback import Played, play

from airmedic_core.metrics import metric
from airmedic_core.scoring import score
from airmedic_core.settings import Settings
from airmedic_core.sources import read_window
from airmedic_core.training.adopt import adopt
from airmedic_core.windows import Every, Window, as_utc
from airmedic_core.workspace import Workspace

CONTENT = Path(__file__).parents[2] / "include"
STORIES = {
    "bike_demand": [
        Window(as_utc("2011-03-07"), as_utc("2011-03-14")),
        *Every.parse("week").split(Window(as_utc("2012-01-01"), as_utc("2012-10-22"))),
    ],
    "hotel_cancellations": Every.parse("month").split(Window(as_utc("2016-04-01"), as_utc("2017-09-01"))),
}
FOLLOWING = {"bike_demand": 4, "hotel_cancellations": 1}
"""Windows in the month that follows a deployment."""


@dataclass
class Story:
    """One model's history, played."""

    ws: Workspace
    first: str
    windows: list[Window]
    played: list[Played] = field(default_factory=list)

    def measured(self, version: str, window: Window) -> float:
        """Return the deciding metric of a version on a window, on all labels, which nobody knew at the time."""
        spec = self.ws.spec
        frame = read_window(spec, window)
        scored = score(self.ws, self.ws.registry.version(spec.name, version), frame)
        return metric(spec.metric, spec.task)(scored.labels[scored.known], scored.scores[scored.known])


def main() -> None:
    """Print what each window came to, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list(STORIES), metavar="MODEL")
    parser.add_argument("--windows", type=int, help="only the first so many")
    parser.add_argument("--without-trials", action="store_true", help="ask before anything is tried")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    for model in chosen.models:
        with tempfile.TemporaryDirectory() as home:
            _play(model, Path(home), chosen.windows, without_trials=chosen.without_trials)


def _play(model: str, home: Path, most: int | None, *, without_trials: bool) -> None:
    settings = Settings(
        home=home,
        content=CONTENT,
        ledger_url=f"sqlite:///{home / 'ledger.db'}",
        tracking_uri=f"sqlite:///{home / 'mlflow.db'}",
        environment="simulation",
    )
    ws = Workspace.open(model, settings)
    if without_trials:
        for limit in ("policy.limits.trial_minutes_per_day", "policy.limits.trial_minutes_per_day_fleet"):
            ws.ledger.set_override(model, "setting", limit, {"value": 0}, author="the benchmark", reason="to compare")
    story = Story(ws, adopt(ws, by="the benchmark").to_version, STORIES[model][:most])
    print(f"\n{model} ({ws.spec.metric}{', without trials' if without_trials else ''})")
    for window in story.windows:
        played = play(ws, window)
        story.played.append(played)
        healed, static = story.measured(played.served_by, window), story.measured(story.first, window)
        what = f"{played.outcome} {played.cause}"
        version = f"v{played.served_by}"
        print(f"{window!s:26}{what:38}{version:>5}{healed:9.3f}{static:9.3f}  {', '.join(played.actions)}", flush=True)
    _sums(story)


def _sums(story: Story) -> None:
    played = story.played
    deployed = [place for place, step in enumerate(played) if step.champion != step.served_by]
    if deployed:
        after = played[deployed[0] + 1 :]
        healed = mean(story.measured(step.served_by, step.window) for step in after)
        static = mean(story.measured(story.first, step.window) for step in after)
        print(
            f"after the first deployment: healed {healed:.3f}, never retrained {static:.3f},"
            f" ratio {healed / static:.3f}, difference {healed - static:+.3f} over {len(after)} windows"
        )
    worse = [place for place in deployed if _lost(story, place)]
    print(
        f"deployments {len(deployed)}, of these worse in the month that followed {len(worse)};"
        f" unknown {sum(step.cause == 'unknown' for step in played)},"
        f" escalated {sum(step.escalated for step in played)}, questions {sum(step.asked for step in played)}"
    )
    for place in worse:
        print(f"  worse: {played[place].window}, version {played[place].served_by} → {played[place].champion}")


def _lost(story: Story, place: int) -> bool:
    """Return whether a deployed version does worse than the one before it in the month that followed."""
    step, spec = story.played[place], story.ws.spec
    following = story.windows[place + 1 : place + 1 + FOLLOWING[spec.name]]
    if not following:
        return False
    gained = mean(
        story.measured(step.champion, window) - story.measured(step.served_by, window) for window in following
    )
    return gained * (1 if metric(spec.metric, spec.task).higher_is_better else -1) < 0


if __name__ == "__main__":
    main()
