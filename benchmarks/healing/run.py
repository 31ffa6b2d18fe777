"""Plays the two real sets through the whole loop without Airflow, and prints what healing is worth.

The windows, the measures and the first champion are those of `make e2e`. Everything that is proposed is approved.
AIRMEDIC_DATA says where the data are.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean

from playback import Played, play

from airmedic_core.metrics import metric
from airmedic_core.scoring import score, score_window
from airmedic_core.settings import Settings
from airmedic_core.sources import read_window
from airmedic_core.spec import ModelSpec
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
    healed: list[float] = field(default_factory=list)
    """The deciding metric of what was answered, window by window."""

    def answered(self, window: Window, home: Path) -> float:
        """Return the deciding metric of what is answered now: a share of the rows by a version that is tried."""
        import pandas as pd

        spec, place = self.ws.spec, home / "answered.parquet"
        labels = score_window(self.ws, window, place).labels
        return metric(spec.metric, spec.task)(labels, pd.read_parquet(place)["score"].to_numpy())

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
    parser.add_argument("--rollout", type=json.loads, default={}, help='such as {"strategy": "blue_green"}')
    parser.add_argument("--entity-column", help="by which a canary splits the rows")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    for model in chosen.models:
        with tempfile.TemporaryDirectory() as home:
            _play(model, Path(home), chosen)


def _play(model: str, home: Path, chosen: argparse.Namespace) -> None:
    settings = Settings(
        home=home,
        content=CONTENT,
        ledger_url=f"sqlite:///{home / 'ledger.db'}",
        tracking_uri=f"sqlite:///{home / 'mlflow.db'}",
        environment="simulation",
    )
    ws = Workspace.open(model, settings)
    ws = replace(ws, spec=_rolled_out(ws.spec, chosen))
    if chosen.without_trials:
        for limit in ("policy.limits.trial_minutes_per_day", "policy.limits.trial_minutes_per_day_fleet"):
            ws.ledger.set_override(model, "setting", limit, {"value": 0}, author="the benchmark", reason="to compare")
    story = Story(ws, adopt(ws, by="the benchmark").to_version, STORIES[model][: chosen.windows])
    print(f"\n{model} ({ws.spec.metric}{', without trials' if chosen.without_trials else ''}) {chosen.rollout or ''}")
    for window in story.windows:
        story.healed.append(healed := story.answered(window, home))
        played = play(ws, window)
        story.played.append(played)
        static = story.measured(story.first, window)
        what = f"{played.outcome} {played.cause}"
        version = f"v{played.served_by}{'+' if played.tried else ''}"
        print(f"{window!s:26}{what:38}{version:>5}{healed:9.3f}{static:9.3f}  {', '.join(played.actions)}", flush=True)
    _sums(story)


def _rolled_out(spec: ModelSpec, chosen: argparse.Namespace) -> ModelSpec:
    rollout = type(spec.rollout).model_validate(chosen.rollout)
    entity = {"entity_column": chosen.entity_column} if chosen.entity_column else {}
    return spec.model_copy(update={"rollout": rollout, **entity})


def _sums(story: Story) -> None:
    played = story.played
    deployed = [place for place, step in enumerate(played) if step.champion != step.served_by]
    if deployed:
        after = played[deployed[0] + 1 :]
        healed = mean(story.healed[deployed[0] + 1 :])
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
