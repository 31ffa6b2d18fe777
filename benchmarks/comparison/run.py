"""Has several arms heal the same injected incidents, really, and prints what came of it on the rows that followed.

AIRMEDIC_DATA=… python -m benchmarks comparison                all incidents
python benchmarks/comparison/run.py --only "bike: demand"      those whose name holds a text, with every step
python benchmarks/comparison/run.py --write                    docs/comparison.md
"""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[1] / "incidents"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from threadpoolctl import threadpool_limits

from comparison import page
from comparison.adviser import Adviser
from comparison.arms import NAIVE, TRUSTING, airmedic, heed, watch
from comparison.incident import Incident, incidents
from comparison.judging import Truth, Verdict, judge, truth_of
from comparison.memory import Memory
from comparison.production import MODELS, Production, draw
from comparison.results import Compared, Result
from comparison.self_healing import demonstrate
from comparison.world import World, build

PAGE = Path(__file__).parents[2] / "docs" / "comparison.md"


def main() -> None:
    """Compare the arms, and print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="incidents whose name holds this text, with every step")
    parser.add_argument("--seed", type=int, default=page.PUBLISHED_SEED)
    parser.add_argument("--write", action="store_true", help="write docs/comparison.md")
    parser.add_argument("--json", type=Path, help="keep the results in a file, after each incident …")
    parser.add_argument("--from", dest="kept", type=Path, nargs="+", help="… or put such files together")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    if options.kept:
        compared = Compared.together([Compared.load(path) for path in options.kept])
    else:
        compared = _compared(options.seed, options.only, options.json)
    print(page.tables(compared))
    if options.write:
        text = (Path(__file__).parent / "comparison.md").read_text(encoding="utf-8")
        PAGE.write_text(page.page(compared, text), encoding="utf-8")
        print(f"{PAGE} is written.")


def _compared(seed: int, only: str, kept: Path | None) -> Compared:
    # Many small fits: a second thread costs more than it brings, and would count as computing.
    with threadpool_limits(1), TemporaryDirectory() as folder:
        return compare(Path(folder), seed, only, kept)


def compare(folder: Path, seed: int, only: str = "", kept: Path | None = None) -> Compared:
    """Have all arms act on all incidents.

    Parameters
    ----------
    folder : Path
        An empty folder for the worlds.
    seed : int
        Draws the rows' order, and the incidents with their sizes and places.
    only : str
        A text that the names of incidents hold.
    kept : Path, optional
        A file for what is known after each incident.
    """
    compared, began, cpu = Compared(seed, _commit(), f"{_now():%Y-%m-%d}"), perf_counter(), process_time()
    rng = np.random.default_rng(seed)
    productions = {model: draw(model, rng) for model in MODELS}
    chosen = [incident for incident in incidents(productions, rng) if only in incident.name]
    compared.planned = len(chosen)
    bases = {model: build(folder / model, productions[model]) for model in {incident.model for incident in chosen}}
    for incident in chosen:
        print(f"{incident.name:38}{incident.kind}", flush=True)
    adviser, memory, demonstrated = Adviser(seed), Memory(folder / "content"), set[str]()
    # In an order of the seed's, so that a run that is cut off has handled some of each kind.
    for place in np.random.default_rng(seed).permutation(len(chosen)):
        incident, own = chosen[place], folder / str(place)
        world, truth = _prepared(own, bases[incident.model], incident, productions[incident.model], seed)
        print(_stated(truth), flush=True)
        compared.adviser_right += adviser.about(incident)
        for verdict in _acted_on(own, world, truth, adviser, memory):
            compared.results.append(Result.of(verdict))
            print(_told(compared.results[-1]), flush=True)
        if incident.demonstrates and incident.model not in demonstrated:
            demonstrated.add(incident.model)
            compared.demonstrations.append(demonstrate(world, truth))
        compared.seconds, compared.cpu_seconds = perf_counter() - began, process_time() - cpu
        if kept is not None:
            compared.save(kept)
    return compared


def _prepared(folder: Path, base: World, incident: Incident, production: Production, seed: int) -> tuple[World, Truth]:
    """Return the world in which an incident begins, and its truth."""
    rng = np.random.default_rng([seed, *incident.name.encode()])
    rows = incident.rows(production, rng)
    folder.mkdir()
    file = folder / "rows.parquet"
    rows.to_parquet(file)
    world = base.copy(folder / "begins", file)
    if incident.bad_version is not None:
        damaged = incident.bad_version(production.reference, production.reference, rng)
        world.put_in_service(damaged, noticed=False)
    measured = world.copy(folder / "measured")
    measured.ws.registry.notice_manual_switch(world.name, _now())
    return world, truth_of(measured, incident, rows)


def _acted_on(folder: Path, world: World, truth: Truth, adviser: Adviser, memory: Memory) -> Iterator[Verdict]:
    incident = truth.incident
    for number, arm in enumerate(NAIVE):
        own = world.copy(folder / f"arm {number}")
        own.ws.registry.notice_manual_switch(own.name, _now())
        yield judge(truth, arm(own, incident, truth.rows))
    watched = watch(world.copy(folder / "watched"), incident)
    yield judge(truth, airmedic("rules", folder / "rules", watched, incident))
    trusting = airmedic("rules, verified causes trusted", folder / "trusting", watched, incident, policy=TRUSTING)
    yield judge(truth, trusting)
    yield judge(truth, airmedic("rules with learning", folder / "learning", watched, incident, memory=memory))
    with adviser.asked() as model:
        acted = airmedic("rules and a language model", folder / "language model", watched, incident, model=model)
    heed(acted, incident, adviser.first_action)
    yield judge(truth, acted)


def _stated(truth: Truth) -> str:
    incident = truth.incident
    worth = f"{truth.serving:+.3f} → {truth.best:+.3f} to gain" if truth.to_gain else "nothing to gain"
    return f"{incident.name:38}{worth}"


def _told(result: Result) -> str:
    word = "harmed" if result.harmed else "resolved" if result.resolved else "open"
    head = f"{result.incident:38}{result.arm:28}{word:10}{result.change:+8.3f}  asked {result.answers}"
    unsafe = f"unsafe {result.unsafe}, blocked {result.blocked}"
    return f"{head}  {unsafe}  {result.seconds:5.1f} s  {' | '.join(result.steps)}"


def _commit() -> str:
    words = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(words, cwd=PAGE.parent, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
