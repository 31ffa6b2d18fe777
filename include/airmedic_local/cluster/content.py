"""The content that the cluster's containers see in place of the project's: the demo's model, with named approvers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from airmedic_local.installation import PROJECT

MODEL = "subscription_churn"
PRODUCTION = "simulate_production"
DAGS = (PRODUCTION, f"monitor__{MODEL}", f"remediate__{MODEL}")
TRIALS = 12
"""Settings that a retraining tries: it then takes seconds, in which its worker can be killed."""


def lay_out(folder: Path) -> Path:
    """Make a folder that is the project's ``include/`` with no models, and return it."""
    folder.mkdir(parents=True)
    for path in (PROJECT / "include").iterdir():
        if path.name not in {"models", "__pycache__"}:
            (folder / path.name).symlink_to(path)
    (folder / "models").mkdir()
    return folder


def write_model(folder: Path, approvers: Sequence[str]) -> None:
    """Write the spec of the demo's model into such a folder.

    Parameters
    ----------
    folder : Path
        What :func:`lay_out` returned.
    approvers : sequence of str
        Who may approve.
    """
    spec = yaml.safe_load((PROJECT / "include" / "models" / f"{MODEL}.yaml").read_text(encoding="utf-8"))
    spec["retrain"]["tune"] = {"trials": TRIALS}
    text = yaml.safe_dump({**spec, "approvers": list(approvers)}, sort_keys=False)
    # A reader sees the whole spec or none.
    partial = folder / "models" / f"{MODEL}.partial"
    partial.write_text(text, encoding="utf-8")
    partial.replace(folder / "models" / f"{MODEL}.yaml")
