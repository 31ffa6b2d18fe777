"""Verifies what each case claims, without the engine: a label counts where this agrees.

python benchmarks/incidents/truth.py                   the held-out cases
python benchmarks/incidents/truth.py --split measure   the measured ones
python benchmarks/incidents/truth.py --split unseen    the cases of the fourth set
python benchmarks/incidents/truth.py --only loans      the cases whose name holds a text

*Healthy*: nothing was done to a window of an exchangeable population, or a rule finds the real window ordinary. *Data*:
rows differ from those without the fault, and their number by at least four standard deviations of its weekday.
*Losses*: a plain reference model, cross-fitted on a large sample, loses at least 10 % more (log loss or absolute error)
with the change than without; where inputs moved harmlessly, less than 5 %, and they did move. *Latency*: the 99th
percentile passes the limit of a second and was within it before.

``z`` is how surely an oracle knows the loss from one window: the rise that the large sample shows, in standard
deviations of the mean loss of healthy windows of the same size. Below 4 nobody can know.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import pandas as pd
from case import SOURCES, Case
from cases import all_cases
from heldout_real import LEAST_RANK, strangest
from oracle import LARGE, Scored, model_losses, pieces_of, real_losses, rng_of, served_losses, windows_of
from populations import BIKE_FEATURES, DATA, REAL
from rich.console import Console
from rich.table import Table
from unknowable import UNKNOWABLE
from unseen_real import strangest_of_bookings

LOSS_CAUSES = frozenset({"harmful_covariate_shift", "concept_drift", "label_shift", "bad_deployment"})
KNOWABLE_Z = 4.0
ORDINARY_Z = 2.0
LEAST_RISE, HARMLESS_RISE = 0.10, 0.05
LEAST_MOVE = 0.2
"""Standard deviations, or a difference of fractions."""
LIMIT_MS = 1000.0


@dataclass(frozen=True)
class Truth:
    """Holds what was found of one case."""

    holds: bool
    says: str
    before: float = np.nan
    after: float = np.nan
    auc_before: float = np.nan
    auc_after: float = np.nan
    rows: int = 0
    z: float = np.nan

    @property
    def rise(self) -> float:
        """Relative rise of the loss."""
        return self.after / self.before - 1


def verify(case: Case) -> Truth:
    """Find out whether a case is what it claims to be."""
    if not case.population:
        return _verify_real(case)
    if "latency_regression" in case.accept:
        return _verify_latency(case)
    if case.healthy and not case.serving:
        return _verify_untouched(case)
    if case.serving is not None and (case.healthy or "bad_deployment" in case.accept):
        return _verify_loss(case, *served_losses(case))
    if case.accept & {"harmless_covariate_shift", *LOSS_CAUSES}:
        return _verify_loss(case, *model_losses(case))
    return _verify_data(case)


def _verify_untouched(case: Case) -> Truth:
    _, current = case.build()
    same = case.fault(current, current, rng_of(case)) if case.fault else current.iloc[:0]
    labels = same[case.spec["target"]]
    if labels.isna().any():  # some have not arrived; those that have are as they were
        same = same.assign(**{case.spec["target"]: labels.where(labels.notna(), current[case.spec["target"]])})
    holds = same.astype(current.dtypes).equals(current)
    return Truth(holds, "both windows are drawn from one population", rows=len(current))


def _verify_real(case: Case) -> Truth:
    reference, current = case.build()
    if case.healthy:
        rule = strangest if case.spec["name"] == "bike" else strangest_of_bookings
        column, rank = rule(reference, current, case.spec["window"]["every"])
        least = LEAST_RANK if case.spec["window"]["every"] == "day" else 0.0
        says = f"most unusual is {column}, rank {rank:.2f}"
        if case.split != "unseen":
            return Truth(rank > least, says, rows=len(current))
        before, after = real_losses(case, reference, current)
        usual = pieces_of(before.losses, reference["time"], case.spec["name"], len(current))
        z = float(after.losses.mean() - before.losses.mean()) / float(usual.std(ddof=1))
        return Truth(rank > least and z < ORDINARY_Z, f"{says}, loss {z:+.1f} sd", rows=len(current))
    if case.accept & LOSS_CAUSES:
        before, after = real_losses(case, reference, current)
        pieces = pieces_of(before.losses, reference["time"], case.spec["name"], len(current))
        return _verify_loss(case, before, after, pieces, len(current))
    if "volume_anomaly" in case.accept:
        rows = reference.groupby(reference["time"].dt.floor("D")).size()
        return Truth(bool(len(current) < rows.quantile(0.1)), f"{len(current)} rows, usual {rows.median():.0f}",
                     rows=len(current))  # fmt: skip
    if case.spec["name"] == "bike":
        stuck = [name for name in BIKE_FEATURES["numeric"] if current[name].nunique() == 1]
        return Truth(bool(stuck), f"one value all day: {', '.join(stuck)}", rows=len(current))
    undefined = [float((frame["meal"] == "Undefined").mean()) for frame in (reference, current)]
    says = f"meals Undefined: {undefined[0]:.1%} → {undefined[1]:.1%}"
    return Truth(undefined[0] == 0 and undefined[1] >= 0.02, says, rows=len(current))


def _verify_latency(case: Case) -> Truth:
    reference, current = case.build()
    before, now = (float(frame["latency_ms"].quantile(0.99)) for frame in (reference, current))
    return Truth(before < LIMIT_MS < now, f"p99 {before:.0f} → {now:.0f} ms", rows=len(current))


def _verify_data(case: Case) -> Truth:
    """Compare with the same draw without the fault, or the number of rows with that of the same weekday."""
    reference, current = case.build()
    if "volume_anomaly" in case.accept:
        sizes = reference.groupby(windows_of(case, reference["time"])).size()
        same = sizes[sizes.index % 7 == (sizes.index.max() + 1) % 7] if case.spec["window"]["every"] == "day" else sizes
        usual = float(same.mean())
        fixed = SOURCES[case.population].spec["name"] == "bike"  # a whole day has 24 rows, without any chance
        z = (len(current) - usual) / (1.0 if fixed else float(np.sqrt(usual)))
        return Truth(abs(z) >= KNOWABLE_Z, f"{len(current)} rows, usual {usual:.0f}: {z:+.1f} sd", rows=len(current))
    now, faulty = _with_and_without(case)
    if len(faulty) != len(now) or list(faulty) != list(now):
        return Truth(True, "rows or columns differ", rows=len(current))
    touched = np.zeros(len(now), bool)
    for column in now:
        both = pd.to_numeric(now[column], errors="coerce"), pd.to_numeric(faulty[column], errors="coerce")
        if both[0].notna().any() and both[1].notna().any() and column != "time":
            touched |= ~np.isclose(*both, equal_nan=True)
        else:
            touched |= (now[column].astype(str) != faulty[column].astype(str)).to_numpy()
    return Truth(bool(touched.mean() > 0.005), f"{touched.mean():.1%} of rows are touched", rows=len(current))


def _with_and_without(case: Case) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw a larger window, without and with the change."""
    rng = rng_of(case)
    fits = LARGE[case.population][0] if case.split == "unseen" else 1200
    past, now = SOURCES[case.population].draw(rng, min(fits, 1200), 8, "day")
    return now, case.fault(past, now.copy(), rng) if case.fault else now


def _move(case: Case) -> tuple[str, float]:
    """Return the input that moved most, in standard deviations or as a difference of fractions."""
    features = SOURCES[case.population].spec["features"]
    now, moved = _with_and_without(case)
    sizes = {
        feature: abs(moved[feature].mean() - now[feature].mean()) / now[feature].std()
        for feature in features["numeric"]
    }
    for feature in features["categorical"]:
        usual, changed = (frame[feature].value_counts(normalize=True) for frame in (now, moved))
        sizes[feature] = float(changed.sub(usual, fill_value=0).abs().max())
    most = max(sizes, key=lambda name: sizes[name])
    return most, sizes[most]


def _verify_loss(case: Case, before: Scored, after: Scored, pieces: np.ndarray, window_rows: int) -> Truth:
    lost, usual = float(after.losses.mean()), float(before.losses.mean())
    z = (lost - usual) / float(pieces.std(ddof=1))
    rise = lost / usual - 1
    if case.healthy:
        holds, says = rise < HARMLESS_RISE, f"loss of a window varies by {pieces.std() / usual:.0%}"
    elif case.accept == {"harmless_covariate_shift"}:
        column, size = _move(case)
        holds, says = bool(rise < HARMLESS_RISE and size >= LEAST_MOVE), f"{column} moves by {size:.2f}"
    elif case.harmful:
        holds, says = rise >= LEAST_RISE, "" if z >= KNOWABLE_Z else "not knowable from one window"
    else:
        holds, says = True, "claims no loss"
    return Truth(holds, says, usual, lost, before.auc, after.auc, window_rows, z)


def main() -> int:
    """Verify and report; 1 where a label does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("measure", "tune", "heldout", "unseen"), default="heldout")
    parser.add_argument("--only", default="", help="text that the case's name holds")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    console = Console(width=210)
    table = Table("case", "label", "loss", "with the change", "rise", "AUC", "rows", "z", "")
    failed, unknowable, verified = [], set(), 0
    for case in all_cases():
        if case.split != options.split or options.only not in case.name:
            continue
        if case.spec["name"] in REAL and not DATA.exists():
            continue
        truth = verify(case)
        verified += 1
        if not truth.holds:
            failed.append(case.name)
        if case.harmful and truth.z < KNOWABLE_Z:
            unknowable.add(case.name)
        numbers = (
            (f"{truth.before:.3f}", f"{truth.after:.3f}", f"{truth.rise:+.0%}",
             f"{truth.auc_before:.3f} → {truth.auc_after:.3f}")
            if np.isfinite(truth.before) else ("", "", "", "")
        )  # fmt: skip
        table.add_row(
            case.name, " or ".join(sorted(case.accept)), *numbers, str(truth.rows),
            f"{truth.z:.1f}" if np.isfinite(truth.z) else "",
            f"{'' if truth.holds else 'DOES NOT HOLD. '}{truth.says}",
        )  # fmt: skip
    console.print(table)
    console.print(f"{verified} cases, {len(failed)} of them not as labelled: {', '.join(failed) or 'none'}.")
    console.print(f"Not knowable from one window: {', '.join(sorted(unknowable)) or 'none'}.")
    listed = UNKNOWABLE.get(options.split, unknowable)
    stale = not options.only and unknowable != listed
    if stale:
        console.print(f"unknowable.py has another list for {options.split}; differs in {sorted(unknowable ^ listed)}.")
    return int(bool(failed) or stale)


if __name__ == "__main__":
    raise SystemExit(main())
